import { closeSync, constants, openSync, readSync, statfsSync } from 'node:fs'

const PROC_SUPER_MAGIC = 0x9fa0
const FIRST_SIZE = 16 * 1024
const MAX_SIZE = 1024 * 1024

/** A small file that is read again and again. */
export interface KeptFile {
  /**
   * The whole file, from offset 0, in one read, as Latin-1.
   *
   * @throws the system's error (`code`, `path`) when it cannot be opened or read; the next call opens it anew
   */
  read(): string
  close(): void
}

/**
 * Keeps a file of procfs open between reads: the kernel makes its text anew at each read from offset 0, and
 * path look-ups are a fifth of the cost. A file that is not on procfs (a copy, a FUSE mount) can be replaced
 * behind an open descriptor, so that one is opened for every read.
 *
 * Only for files of the reader's own network namespace: an open descriptor on another's pins it.
 */
export function keptFile(path: string): KeptFile {
  let fd = -1
  let keep = false
  let buffer = Buffer.allocUnsafeSlow(FIRST_SIZE)

  const close = (): void => {
    if (fd < 0) return
    const closing = fd
    fd = -1
    closeSync(closing)
  }

  const open = (): void => {
    // O_NONBLOCK: a FIFO in the file's place gives an error instead of waiting for a writer for ever.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    keep = statfsSync(path).type === PROC_SUPER_MAGIC
  }

  return {
    read() {
      try {
        if (fd < 0) open()
        let size = readSync(fd, buffer, 0, buffer.length, 0)
        while (size === buffer.length) {
          if (buffer.length >= MAX_SIZE) throw new Error(`${path}: larger than ${MAX_SIZE} bytes`)
          buffer = Buffer.allocUnsafeSlow(buffer.length * 2)
          size = readSync(fd, buffer, 0, buffer.length, 0)
        }
        return buffer.toString('latin1', 0, size)
      } catch (error) {
        keep = false
        throw error
      } finally {
        if (!keep) close()
      }
    },
    close,
  }
}
