import type { Running } from './running'

/** A tick that is early by less belongs to the second that begins. */
const EARLY_MS = 50
const TRIES = 5

let shift = 0

/** Sets the clock of followLateness by the system's: from time to time, as something may steer that one. */
export function calibrate(): void {
  // Whatever comes between two of these lines makes the difference smaller.
  shift = Math.max(...Array.from({ length: TRIES }, untilNextMillisecond))
}

function untilNextMillisecond(): number {
  const before = Date.now()
  for (;;) {
    const now = Date.now()
    if (now !== before) return now - performance.now()
  }
}

/**
 * Notes how long after the whole second the first text of each tick comes out of the pipe.
 *
 * @returns milliseconds, one for each tick; they become more
 */
export function followLateness({ stdout }: Running): number[] {
  const late: number[] = []
  let last = 0
  stdout.on('data', () => {
    const now = performance.now() + shift
    const second = Math.floor((now + EARLY_MS) / 1000)
    if (second !== last) late.push(now - second * 1000)
    last = second
  })
  return late
}
