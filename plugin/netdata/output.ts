import { writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/** Tells Netdata never to start this plugin again. */
export const DISABLE = 'DISABLE\n'

/** The way of the collected values to stdout. */
export interface Output {
  /** False while the reader has not taken what was written before: write nothing then. */
  ready(): boolean
  /** Writes whole lines, in one write. */
  write(text: string): void
}

/**
 * Writes go straight to the descriptor: a stream's own write costs more than all else that a tick does. Only what the
 * pipe has no room for goes through the stream, which waits until it has.
 *
 * @param stdout where the agent reads; a stream that has made its descriptor non-blocking, as Node does with pipes
 * @param onGone called when the agent has closed its end
 */
export function output(stdout: Writable & { readonly fd: number }, onGone: () => void): Output {
  stdout.on('error', onGone)
  return {
    ready: () => stdout.writableLength === 0,
    write(text) {
      if (text === '') return
      let written = 0
      try {
        if (stdout.writableLength === 0) written = writeSync(stdout.fd, text)
      } catch {
        // Full, or closed: the stream tells which.
      }
      if (written < Buffer.byteLength(text)) stdout.write(Buffer.from(text).subarray(written))
    },
  }
}
