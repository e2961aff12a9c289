/** What the alarms of the health file make of the resets of one direction. */
export type Raised = 'burst' | 'flood' | undefined

/** Resets of one direction, as of one tick. */
export interface Judged {
  readonly raised: Raised
  /** Resets each second, over the last ten. */
  readonly rate: number
}

/**
 * @param total of resets, which only rises; undefined where it could not be read
 * @param usual resets each second; undefined while it is not known
 * @param opened connections each second, likewise
 * @param now monotonic milliseconds
 */
export type Judge = (
  total: bigint | undefined,
  usual: number | undefined,
  opened: number | undefined,
  now: number,
) => Judged

/** The numbers of the rules, as in the health file. Times are seconds, the others resets each second or a factor. */
export const RULES = {
  burst: { time: 10, before: 60, most: 15, least: 5, floor: 5, raises: 10, holds: 0.5 },
  flood: { time: 300, raises: 5, holds: 4, opened: 0.2, usual: 2, holdsUsual: 1.5 },
} as const

/** No reset at all, or nothing known. */
export const QUIET: Judged = { raised: undefined, rate: 0 }

/**
 * The rules of the 10s and the 5m alarms of `health.d/tcp_resets.conf`, for what no agent can do: to tell of many
 * namespaces with one notice, it must be known which of them are raised.
 *
 * @param updateEvery seconds between ticks
 * @param isNew whether there was nothing before, so that the time before counts as quiet
 */
export function resetsJudge(updateEvery: number, isNew: boolean): Judge {
  const slots = (seconds: number): number => Math.ceil(seconds / updateEvery)
  const { burst: sudden, flood: lasting } = RULES
  const longest = slots(lasting.time)
  /** Rates, the latest last. Most namespaces have no reset for hours, and then it has nothing in it. */
  const rates: number[] = []
  /** How many of them are not 0. */
  let some = 0
  /** How many of them are above a limit, which hardly ever changes: to count 300 at each tick would cost more than all else. */
  let above = { limit: 0, count: 0 }
  /** How many ticks are known, also those with nothing in `rates`. */
  let known = isNew ? longest : 0
  let last: { readonly total: bigint; readonly at: number } | undefined
  let burst = false
  let flood = false

  /** The latest `count` rates but the last `but`, of which those before the first known reset are 0. */
  const mean = (count: number, but = 0): number => {
    const end = rates.length - but
    let sum = 0
    for (let index = Math.max(0, end - count); index < end; index++) sum += rates[index] ?? 0
    return sum / count
  }
  /** How many of the latest `count` rates are above a limit of 0 or more. */
  const countAbove = (count: number, limit: number): number => {
    let found = 0
    for (let index = Math.max(0, rates.length - count); index < rates.length; index++)
      if ((rates[index] ?? 0) > limit) found++
    return found
  }
  /** The same of all rates. */
  const countAllAbove = (limit: number): number => {
    if (limit !== above.limit) above = { limit, count: countAbove(longest, limit) }
    return above.count
  }
  /** A rate comes, or goes. */
  const account = (rate: number, change: 1 | -1): void => {
    if (rate > 0) some += change
    if (rate > above.limit) above.count += change
  }

  return (total, usual, opened, now) => {
    if (total === undefined) return { raised: burst ? 'burst' : flood ? 'flood' : undefined, rate: 0 }
    const before = last
    last = { total, at: now }
    if (before === undefined || total < before.total) return QUIET
    const seconds = (now - before.at) / 1000
    const rate = seconds > 0 ? Number(total - before.total) / seconds : 0
    // Ticks that were missed had the same rate, as far as anybody knows.
    const missed = Math.min(Math.max(1, Math.round(seconds / updateEvery)), longest)
    known = Math.min(known + missed, longest)
    if (rates.length === 0 && rate === 0) return QUIET
    for (let tick = 0; tick < missed; tick++) {
      rates.push(rate)
      account(rate, 1)
    }
    while (rates.length > longest) account(rates.shift() ?? 0, -1)
    if (some === 0) rates.length = 0

    const soon = mean(slots(sudden.time))
    const minute = Math.max(sudden.floor, mean(slots(sudden.before), slots(sudden.time)))
    const isSudden =
      soon > sudden.raises * minute && countAbove(slots(sudden.most), sudden.least) > slots(sudden.most) / 2
    burst = known >= slots(sudden.time + sudden.before) && (burst ? soon > sudden.holds * minute : isSudden)
    flood =
      known >= longest &&
      usual !== undefined &&
      opened !== undefined &&
      // So many that the median is.
      countAllAbove(
        flood
          ? Math.max(lasting.holds, lasting.opened * opened, lasting.holdsUsual * usual)
          : Math.max(lasting.raises, lasting.opened * opened, lasting.usual * usual),
      ) >
        longest / 2
    return { raised: flood ? 'flood' : burst ? 'burst' : undefined, rate: soon }
  }
}
