const WINDOW = 3_000
const MINUTE = 60_000
/** So much of the minute before has to be known: a plugin that has just started knows no burst from what is usual. */
const KNOWN = 10_000
/** As in the alarms 10s_*: ten times what the minute before had, and what had hardly any counts as this many a second. */
const TIMES = 10
const LEAST = 5

/** A time without traffic, in monotonic milliseconds: all counters were 0. */
export interface Silence {
  readonly from: number
  until: number
}

/** A total, and when it was seen first and last: most of the time there are no resets, and then one of these is enough. */
interface Seen {
  readonly total: bigint
  readonly first: number
  last: number
}

/**
 * Notices when a burst of resets begins, by the rule of the alarms 10s_*: the rate is above 10 times that of the minute
 * before, and above 50 a second. It looks at three seconds instead of ten, so that what began it can still be seen. A
 * burst has begun once until the rate is below half of that again.
 *
 * @param silence known from before the first call
 * @returns takes a counter that only rises (undefined where it could not be read) and monotonic milliseconds, and tells
 * whether a burst has just begun
 */
export function burstWatch(silence?: Silence): (total: bigint | undefined, now: number) => boolean {
  let seen: Seen[] = silence ? [{ total: 0n, first: silence.from, last: silence.until }] : []
  let raised: number | undefined

  return (total, now) => {
    if (total === undefined) return false
    const newest = seen.at(-1)
    if (newest !== undefined && total < newest.total) seen = []
    if (newest === undefined || total !== newest.total) seen.push({ total, first: now, last: now })
    else {
      newest.last = now
      // Nothing begins without a reset.
      if (raised === undefined) return false
    }
    while ((seen[1]?.first ?? now) <= now - MINUTE - WINDOW) seen.shift()

    const from = seen.findLast(({ first }) => first <= now - WINDOW)
    const [oldest] = seen
    if (from === undefined || oldest === undefined) return false
    const fromAt = Math.min(from.last, now - WINDOW)
    const oldestAt = Math.max(oldest.first, Math.min(oldest.last, now - MINUTE - WINDOW))
    if (fromAt - oldestAt < KNOWN) return false
    const rate = perSecond(total - from.total, now - fromAt)
    if (raised !== undefined) {
      if (rate < raised / 2) raised = undefined
      return false
    }
    const limit = TIMES * Math.max(LEAST, perSecond(from.total - oldest.total, fromAt - oldestAt))
    if (rate <= limit) return false
    raised = limit
    return true
  }
}

function perSecond(count: bigint, milliseconds: number): number {
  return (Number(count) * 1000) / milliseconds
}
