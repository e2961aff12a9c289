/** The times that the clock needs. */
export interface Time {
  /** Wall clock, milliseconds since the epoch. It may jump. */
  wall(): number
  /** Monotonic, milliseconds since some start. It never goes back. */
  monotonic(): number
  /** Calls `tick` once, in so many milliseconds; the answer takes that back. */
  in(milliseconds: number, tick: () => void): () => void
}

export const systemTime: Time = {
  wall: Date.now,
  monotonic() {
    // performance.now() is the same clock, and costs 0.4 MB more.
    const time = process.hrtime()
    // Not taken apart by `[a, b] =`, which makes an iterator: this is called after each process that is looked at.
    return time[0] * 1e3 + time[1] / 1e6
  },
  in(milliseconds, tick) {
    const timer = setTimeout(tick, milliseconds)
    return () => clearTimeout(timer)
  },
}

/**
 * Calls `tick` at whole multiples of the interval of the wall clock, like Netdata's own collectors, until the
 * returned function is called.
 *
 * Each tick sets the next from the time it is then. So ticks that were missed (a stopped process, a suspend, a
 * busy machine) are not made up for, and after a step of the wall clock the ticks fall in with the new time. A
 * timer that fires well before its time would double a tick: no tick comes within half an interval of another.
 *
 * @param seconds the interval
 */
export function startClock(seconds: number, tick: () => void, time: Time): () => void {
  const interval = seconds * 1000
  let last = time.monotonic()
  let cancel: () => void

  const arm = (): void => {
    // Rounded up: a timer that is a fraction of a millisecond early would only have to be set again.
    cancel = time.in(Math.ceil(interval - (time.wall() % interval)), wake)
  }
  const wake = (): void => {
    const now = time.monotonic()
    if (now - last >= interval / 2) {
      last = now
      tick()
    }
    arm()
  }

  arm()
  return () => cancel()
}
