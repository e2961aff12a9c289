import { createReadStream, fstatSync, statSync } from 'node:fs'
import type { File } from '../../explain/explain'

/** Hears how far a file is read, from 0 on, and how long it is where that is known. */
export type Heard = (file: string, read: number, size: number | undefined) => void

/** Pieces twice as large stay until Node thinks of them, which takes 40 MB more. */
const PIECE = 1 << 17

/**
 * A file, or standard input for `-`, as it comes.
 *
 * @param signal ends it where it is
 */
export function sourceOf(name: string, signal: AbortSignal, heard: Heard): File {
  return { name, bytes: bytesOf(name, signal, heard) }
}

async function* bytesOf(name: string, signal: AbortSignal, heard: Heard): AsyncGenerator<Uint8Array> {
  heard(name, 0, undefined)
  const facts = name === '-' ? fstatSync(0) : statSync(name)
  const size = facts.isFile() ? facts.size : undefined
  const stream = name === '-' ? process.stdin : createReadStream(name, { highWaterMark: PIECE })
  const end = (): void => void stream.destroy()
  signal.addEventListener('abort', end, { once: true })
  let read = 0
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      read += piece.length
      heard(name, read, size)
      yield piece
    }
  } catch (error) {
    // A stream that is ended from outside complains of that.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', end)
  }
}
