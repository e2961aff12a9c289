import { readSync } from 'node:fs'

const FIRST_SIZE = 16 * 1024
const MAX_SIZE = 1024 * 1024

/** One for all files: nothing else runs while a file is read, and a thousand of their own would be 16 MB. */
let buffer = Buffer.allocUnsafeSlow(FIRST_SIZE)

/**
 * The whole of a small file, from offset 0, in one read, as Latin-1.
 *
 * @param path for the message
 * @throws the system's error, or where the file is larger than any that is meant to be read so
 */
export function readWhole(fd: number, path: string): string {
  let size = readSync(fd, buffer, 0, buffer.length, 0)
  while (size === buffer.length) {
    if (buffer.length >= MAX_SIZE) throw new Error(`${path}: larger than ${MAX_SIZE} bytes`)
    buffer = Buffer.allocUnsafeSlow(buffer.length * 2)
    size = readSync(fd, buffer, 0, buffer.length, 0)
  }
  return buffer.toString('latin1', 0, size)
}
