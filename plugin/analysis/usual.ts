import { RULES } from './raised'

/** Counters that only rise, as of one moment. What could not be read is undefined. */
export type Totals = {
  readonly sent: bigint | undefined
  readonly received: bigint | undefined
  /** Connections opened, by either side. */
  readonly opened: bigint | undefined
}

/** What is usual in one direction of one network namespace, as far as it is known. */
export interface Learnt {
  /** Resets each second. */
  readonly rate: number
  /** Over how many minutes that was learnt: at most an hour. */
  readonly minutes: number
  /** For how many minutes in a row up to now there was a flood, which is not what is usual. */
  readonly flood: number
}

const DIRECTIONS = ['sent', 'received'] as const
type Direction = (typeof DIRECTIONS)[number]
export type Usual = Readonly<Record<Direction, Learnt>>
export type Floods = Readonly<Record<Direction, boolean>>

const MINUTE = 60_000
/** So many first minutes are taken as they come; only then can a flood be told from what is usual. */
const FIRST = 5
/** An hour: what was usual before weighs less and less. */
export const LONG = 60
/** A day. What floods for so long without an end is what is usual here from then on. */
export const SETTLED = 24 * 60
/** Minutes that connections opened are averaged over. */
const OPENED = 5

/** A new namespace: it had no resets before, so none are usual. */
export const NEWBORN: Usual = {
  sent: { rate: 0, minutes: FIRST, flood: 0 },
  received: { rate: 0, minutes: FIRST, flood: 0 },
}
const UNKNOWN: Learnt = { rate: 0, minutes: 0, flood: 0 }

type Snapshot = Readonly<Record<Direction | 'opened', bigint>> & { readonly at: number }

/** Follows what is usual in one namespace, for the alarms that tell a flood from a host that always has many resets. */
export interface UsualFollower {
  /**
   * @param raised in which directions a flood is raised
   * @returns once a minute, and at first where something is known already, some of: `usual_sent` and `usual_received`, resets
   * each second; `opened`, connections each second, the mean of up to five minutes. Else undefined: it is not time yet, or
   * too little is known
   */
  (totals: Totals, now: number, raised: Floods): Record<string, number> | undefined
  /** All that it knows. */
  readonly learnt: Usual
}

/**
 * Netdata could look up itself what was usual, but only once a chart is as old as the whole time it looks back on, and not
 * without the floods.
 *
 * @param known from before; undefined where nothing is
 */
export function usualFollower(known?: Usual): UsualFollower {
  let learnt: Usual = known ?? { sent: UNKNOWN, received: UNKNOWN }
  let last: Snapshot | undefined
  let opened: number[] = []
  const published = (): Record<string, number> | undefined =>
    DIRECTIONS.every(direction => learnt[direction].minutes >= FIRST)
      ? {
          usual_sent: learnt.sent.rate,
          usual_received: learnt.received.rate,
          ...(opened.length > 0 && { opened: opened.reduce((sum, rate) => sum + rate, 0) / opened.length }),
        }
      : undefined

  const follow = (totals: Totals, now: number, raised: Floods): Record<string, number> | undefined => {
    if (last !== undefined && now - last.at < MINUTE) return undefined
    if (totals.sent === undefined || totals.received === undefined || totals.opened === undefined)
      return undefined
    const latest: Snapshot = { at: now, sent: totals.sent, received: totals.received, opened: totals.opened }
    const before = last
    last = latest
    if (before === undefined) return published()
    // Counters that went back started anew, and can't be compared with what was before.
    if (latest.sent < before.sent || latest.received < before.received || latest.opened < before.opened)
      return undefined
    const rate = (name: Direction | 'opened'): number =>
      (Number(latest[name] - before[name]) * 1000) / (now - before.at)
    opened = [...opened, rate('opened')].slice(-OPENED)
    learnt = {
      sent: learn(learnt.sent, rate('sent'), rate('opened'), raised.sent),
      received: learn(learnt.received, rate('received'), rate('opened'), raised.received),
    }
    return published()
  }
  return Object.defineProperty(follow, 'learnt', { get: () => learnt }) as UsualFollower
}

/** What is known with one minute more. A flood changes nothing: not while it is raised, nor before, unless it has settled. */
function learn({ rate, minutes, flood }: Learnt, now: number, opened: number, raised: boolean): Learnt {
  const { raises, opened: share, usual } = RULES.flood
  const begins = minutes >= FIRST && now > raises && now > share * opened && now > usual * rate
  const isFlood = raised || begins
  if (isFlood && flood + 1 < SETTLED) return { rate, minutes, flood: flood + 1 }
  if (isFlood) return { rate: now, minutes: FIRST, flood: 0 }
  const weight = Math.min(minutes + 1, LONG)
  return { rate: rate + (now - rate) / weight, minutes: weight, flood: 0 }
}
