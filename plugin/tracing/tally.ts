import { TRACED } from '../charts/traced'
import { apportion } from './apportion'
import type { Direction, ResetEvent } from './event'
import { type TopReset, topResets } from './top-resets'

export interface TallyDetails {
  readonly rows: readonly TopReset[]
  /** By how much a count in the rows can be too low. */
  readonly error: number
  /** Resets since the grant was there, and how many of them were read one by one; the rest went by too fast. */
  readonly resets: number
  readonly read: number
}

/** What is known of all resets that were traced, in ever rising totals. */
export interface ResetTally {
  /**
   * Adds what one direction had since it was added last.
   *
   * @param events those that could be read: where that was not all of them, they stand for the others too
   * @param all how many there were
   * @param now monotonic milliseconds
   */
  add(direction: Direction, events: readonly ResetEvent[], all: number, now: number): void
  /** By direction and address family. */
  traced(): Record<string, bigint>
  /** Those sent, by the kernel's reason, or else by the state of the socket. */
  reasons(): Record<string, bigint>
  details(now: number): TallyDetails
}

/** More kinds of resets than any kernel has names for. */
const MAX_COUNTERS = 100

const UNREAD = 'not_read'

/** @param containerOf names a network namespace, by the inode of its `net/stat` */
export function resetTally(containerOf: (namespace: number) => string): ResetTally {
  const top = topResets()
  const traced = counters(TRACED)
  const reasons = counters([])
  let resets = 0
  let read = 0
  return {
    add(direction, events, all, now) {
      resets += all
      read += events.length
      if (all === 0) return
      traced.add(apportion(all, familiesOf(direction, events)))
      if (direction === 'sent') reasons.add(apportion(all, reasonsOf(events)))
      const containers = new Map<number, string>()
      for (const event of events) {
        top.add(event, all / events.length, now, nameOnce(containers, event.namespace, containerOf))
      }
    },
    traced: traced.values,
    reasons: reasons.values,
    details: now => ({ rows: top.rows(now), error: top.error(), resets, read }),
  }
}

/** Where no event was read, the family is not known. */
function familiesOf(direction: Direction, events: readonly ResetEvent[]): Map<string, number> {
  if (events.length === 0) return new Map([[direction, 1]])
  return countBy(events, ({ family }) =>
    family === undefined ? direction : `${family.toLowerCase()}_${direction}`,
  )
}

function reasonsOf(events: readonly ResetEvent[]): Map<string, number> {
  if (events.length === 0) return new Map([[UNREAD, 1]])
  return countBy(events, ({ reason, state }) => reason ?? state ?? UNREAD)
}

function countBy(events: readonly ResetEvent[], keyOf: (event: ResetEvent) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const event of events) {
    const key = keyOf(event)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** Its name, looked up once for all events of a namespace. */
function nameOnce(
  names: Map<number, string>,
  namespace: number | undefined,
  nameOf: (namespace: number) => string,
): string | undefined {
  if (namespace === undefined) return undefined
  const name = names.get(namespace) ?? nameOf(namespace)
  names.set(namespace, name)
  return name
}

/** Counters by name, each from 0, the known ones from the start. What comes when there are too many names is counted as `other`. */
function counters(known: readonly string[]) {
  const totals = new Map<string, bigint>(known.map(name => [name, 0n]))
  return {
    add(rises: ReadonlyMap<string, number>): void {
      for (const [name, rise] of rises) {
        const key = totals.has(name) || totals.size < MAX_COUNTERS ? name : 'other'
        totals.set(key, (totals.get(key) ?? 0n) + BigInt(rise))
      }
    },
    values: (): Record<string, bigint> => Object.fromEntries(totals),
  }
}
