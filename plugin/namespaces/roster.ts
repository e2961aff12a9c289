/** A namespace that is gone keeps its chart for so long: a container that restarts goes on where it was. */
const GRACE = 60_000
/** How often it is asked whether a busier namespace should have the chart of a quieter one. */
const REVIEW = 60_000

interface Seat {
  place: 'own' | 'sum'
  /** Resets of late: halved at every review, so that a burst long ago does not count for ever. */
  activity: number
  goneSince?: number
}

/**
 * Which namespaces have a chart of their own, and which are only part of the sum, when there are more than `max`.
 * Times are monotonic milliseconds.
 */
export interface Roster {
  /** A namespace is there, or there again. */
  enter(name: string): void
  /** Its last process has ended. Its chart stays for a minute. */
  leave(name: string, now: number): void
  /** It made or met so many resets since it was last asked. */
  count(name: string, resets: bigint): void
  /** Where it is shown; undefined for one that is not known. */
  placeOf(name: string): 'own' | 'sum' | undefined
  /**
   * To be called at every tick.
   *
   * @returns those that had a chart of their own and have none any more, to be marked as obsolete
   */
  settle(now: number): string[]
}

/** @param max charts at most at any time, with those of namespaces that left less than a minute ago */
export function roster(max: number): Roster {
  const seats = new Map<string, Seat>()
  let ownCharts = 0
  let lastReview: number | undefined

  const quietestOwn = (): [string, Seat] | undefined =>
    best(
      seats,
      (a, b) => a.activity < b.activity,
      seat => seat.place === 'own' && seat.goneSince === undefined,
    )
  const busiestSummed = (): [string, Seat] | undefined =>
    best(
      seats,
      (a, b) => a.activity > b.activity,
      seat => seat.place === 'sum',
    )

  const retireGone = (now: number): string[] => {
    const retired: string[] = []
    for (const [name, seat] of seats) {
      if (seat.goneSince === undefined || now - seat.goneSince < GRACE) continue
      seats.delete(name)
      ownCharts--
      retired.push(name)
    }
    return retired
  }

  const fillFree = (): void => {
    while (ownCharts < max) {
      const next = busiestSummed()
      if (next === undefined) return
      next[1].place = 'own'
      ownCharts++
    }
  }

  /** Twice as busy, or charts would come and go with every small change. */
  const review = (): string[] => {
    const retired: string[] = []
    for (;;) {
      const quiet = quietestOwn()
      const busy = busiestSummed()
      if (quiet === undefined || busy === undefined || busy[1].activity <= quiet[1].activity * 2) break
      quiet[1].place = 'sum'
      busy[1].place = 'own'
      retired.push(quiet[0])
    }
    for (const seat of seats.values()) seat.activity /= 2
    return retired
  }

  return {
    enter(name) {
      const seat = seats.get(name)
      if (seat !== undefined) {
        delete seat.goneSince
        return
      }
      const place = ownCharts < max ? 'own' : 'sum'
      if (place === 'own') ownCharts++
      seats.set(name, { place, activity: 0 })
    },
    leave(name, now) {
      const seat = seats.get(name)
      if (seat?.place === 'sum') seats.delete(name)
      else if (seat !== undefined) seat.goneSince ??= now
    },
    count(name, resets) {
      const seat = seats.get(name)
      if (seat !== undefined) seat.activity += Number(resets)
    },
    placeOf: name => seats.get(name)?.place,
    settle(now) {
      lastReview ??= now
      const retired = retireGone(now)
      fillFree()
      if (now - lastReview >= REVIEW) {
        lastReview = now
        retired.push(...review())
      }
      return retired
    },
  }
}

function best(
  seats: ReadonlyMap<string, Seat>,
  before: (a: Seat, b: Seat) => boolean,
  wanted: (seat: Seat) => boolean,
): [string, Seat] | undefined {
  let found: [string, Seat] | undefined
  for (const entry of seats)
    if (wanted(entry[1]) && (found === undefined || before(entry[1], found[1]))) found = entry
  return found
}
