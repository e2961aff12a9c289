import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, statfsSync } from 'node:fs'
import { attempt } from '../attempt'
import { readWhole } from './read-whole'

const PROC_SUPER_MAGIC = 0x9fa0
/** The kernel gives whole records, a page of them at most. */
const PAGE = 4096

/** Whether a path is on a procfs, and not on a copy of some of its files. Not every kernel tells (gVisor). */
export function isProcfs(path: string): boolean {
  return attempt(() => statfsSync(path).type) === PROC_SUPER_MAGIC
}

/** A small file that is read again and again. */
export interface TextFile {
  readonly path: string
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
export function keptFile(path: string): TextFile {
  let fd = -1
  let keep = false

  const close = (): void => {
    if (fd < 0) return
    const closing = fd
    fd = -1
    closeSync(closing)
  }

  const open = (): void => {
    fd = openForReading(path)
    keep = isProcfs(path)
  }

  return {
    path,
    read() {
      try {
        if (fd < 0) open()
        return readWhole(fd, path)
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

/**
 * Opens, reads and closes a file, for what must not be held open.
 *
 * @param inode the file that is meant, where another could be at its path by now
 * @throws the system's error (`code`, `path`), or where it is another file
 */
export function readOnce(path: string, inode?: number): string {
  const fd = openForReading(path)
  try {
    if (inode !== undefined && fstatSync(fd).ino !== inode)
      throw new Error(`${path}: not the same file any more`)
    return readWhole(fd, path)
  } finally {
    closeSync(fd)
  }
}

/**
 * A file of many records, such as `mountinfo`: of those the kernel gives no more than a page with each read.
 *
 * @throws the system's error (`code`, `path`)
 */
export function readAll(path: string): string {
  const fd = openForReading(path)
  try {
    return readFileSync(fd, 'latin1')
  } finally {
    closeSync(fd)
  }
}

/**
 * The beginning of a file of many records, as far as what is looked for: the kernel takes its time for each of them.
 *
 * @param most bytes after which nothing more is read
 * @returns what was found; undefined where it is not there, or further on
 * @throws the system's error (`code`, `path`)
 */
export function findIn(path: string, pattern: RegExp, most: number): RegExpExecArray | undefined {
  const fd = openForReading(path)
  try {
    const buffer = Buffer.allocUnsafe(PAGE)
    let text = ''
    while (text.length < most) {
      const size = readSync(fd, buffer, 0, PAGE, null)
      if (size === 0) return undefined
      text += buffer.toString('latin1', 0, size)
      const found = pattern.exec(text)
      if (found !== null) return found
    }
    return undefined
  } finally {
    closeSync(fd)
  }
}

function openForReading(path: string): number {
  // O_NONBLOCK: a FIFO in the file's place gives an error instead of waiting for a writer for ever.
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
}
