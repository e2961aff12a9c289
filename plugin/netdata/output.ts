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
 * @param stdout where the agent reads
 * @param onGone called once when the agent has closed its end
 */
export function output(stdout: Writable, onGone: () => void): Output {
  stdout.on('error', onGone)
  return {
    ready: () => stdout.writableLength === 0,
    write(text) {
      if (text !== '') stdout.write(text)
    },
  }
}
