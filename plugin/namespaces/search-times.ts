/** Milliseconds between two searches. What is found waits longer for its chart. */
const EVERY = 5000
/** The same where none had traffic so far. What comes is then seen well before it is old enough. */
const EVERY_WHILE_NONE = 15_000
/** The same for a minute after something has gone: it may be on its way back. */
const EVERY_WHILE_MISSING = 2000
const MISSING = 60_000

/** When to look for namespaces. Times are monotonic milliseconds. */
export interface SearchTimes {
  /**
   * @param anyFound whether there was anything to be found so far
   * @returns seconds since the last search, where it is time for another one
   */
  due(now: number, anyFound: boolean): number | undefined
  /** A search begins. */
  begin(now: number): void
  /** Something has gone. */
  missing(now: number): void
}

/** @param updateEvery seconds between two ticks */
export function searchTimes(updateEvery: number): SearchTimes {
  /** Ticks are never on time to the millisecond. */
  const slack = (updateEvery * 1000) / 2
  let last: number | undefined
  let lastMissing = Number.NEGATIVE_INFINITY
  return {
    due(now, anyFound) {
      const passed = last === undefined ? updateEvery * 1000 : now - last
      const everyFound = now - lastMissing < MISSING ? EVERY_WHILE_MISSING : EVERY
      const every = anyFound ? everyFound : EVERY_WHILE_NONE
      return last !== undefined && passed < every - slack ? undefined : passed / 1000
    },
    begin(now) {
      last = now
    },
    missing(now) {
      lastMissing = now
    },
  }
}
