/** One CPU's part of a trace buffer, in events since the buffer was made. */
export interface CpuStats {
  /** Still in the buffer. */
  readonly waiting: bigint
  /** No longer in the buffer: read, overwritten before they were, or never let in. */
  readonly gone: bigint
}

const GONE = ['overrun', 'commit overrun', 'dropped events', 'read events']

/**
 * Reads `per_cpu/cpu<n>/stats` (kernel: tracing_stats_read in kernel/trace/trace.c). Every event that happened is in
 * exactly one of its numbers, at any rate and however small the buffer.
 *
 * @returns undefined where a number is missing
 */
export function parseStats(text: string): CpuStats | undefined {
  const numbers = new Map<string, bigint>()
  for (const [, name = '', digits = ''] of text.matchAll(/^([a-z ]+): +(\d{1,20})$/gm)) {
    numbers.set(name, BigInt(digits))
  }
  const waiting = numbers.get('entries')
  let gone = 0n
  for (const name of GONE) {
    const number = numbers.get(name)
    if (number === undefined) return undefined
    gone += number
  }
  return waiting === undefined ? undefined : { waiting, gone }
}
