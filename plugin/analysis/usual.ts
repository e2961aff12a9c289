/** Counters that only rise, as of one moment. What could not be read is undefined. */
export interface Totals {
  readonly sent: bigint | undefined
  readonly received: bigint | undefined
  /** Connections opened, by either side. */
  readonly opened: bigint | undefined
}

const MINUTE = 60_000
/** A flood must not become what is usual before it can be noticed. */
const RECENT = 5 * MINUTE
const LONG = 60 * MINUTE
const SHORTEST = MINUTE / 2

const NAMES = ['sent', 'received', 'opened'] as const
type Snapshot = Readonly<Record<(typeof NAMES)[number], bigint>> & { readonly at: number }

/**
 * What is usual here, for the alarms that tell a flood from a host that always has many resets. Netdata could
 * look it up itself, but only once a chart is as old as the whole time it looks back on: an hour for every new container.
 *
 * @returns at each call, once a minute, some of: `usual_sent` and `usual_received`, resets each second, the mean of up
 * to an hour that ended five minutes ago; `opened`, connections each second, the mean of the last five minutes. Else
 * undefined: it is not time yet, or too little is known
 */
export function usualFollower(): (totals: Totals, now: number) => Record<string, number> | undefined {
  let snapshots: Snapshot[] = []

  return ({ sent, received, opened }, now) => {
    const last = snapshots.at(-1)
    if (last !== undefined && now - last.at < MINUTE) return undefined
    if (sent === undefined || received === undefined || opened === undefined) return undefined
    const latest: Snapshot = { at: now, sent, received, opened }
    // Counters that went back started anew, and what was before can't be compared.
    if (last !== undefined && NAMES.some(name => latest[name] < last[name])) snapshots = []
    snapshots = [...snapshots.filter(({ at }) => now - at <= LONG + RECENT), latest]

    const recent = snapshots.findLast(({ at }) => now - at >= RECENT)
    const oldest = snapshots[0]
    if (recent === undefined || oldest === undefined || recent.at - oldest.at < SHORTEST) return undefined
    return {
      usual_sent: rate(oldest, recent, 'sent'),
      usual_received: rate(oldest, recent, 'received'),
      opened: rate(recent, latest, 'opened'),
    }
  }
}

function rate(from: Snapshot, to: Snapshot, name: (typeof NAMES)[number]): number {
  return (Number(to[name] - from[name]) * 1000) / (to.at - from.at)
}
