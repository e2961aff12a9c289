import type { Counted } from '../analysis/received'
import { apportion } from './apportion'
import type { ResetEvent } from './event'
import type { Hist } from './hist'

/** Namespaces that are told apart where this plugin counts itself. More are not counted. */
const MOST = 4096

/** The resets received by each network namespace, since the grant. */
export interface ReceivedCounts {
  /**
   * Takes in what came since the last call.
   *
   * @param events what was read of it
   * @param all how many there were
   * @throws the system's error
   */
  update(events: readonly ResetEvent[], all: number): void
  /** @param namespace the inode of its `net/stat`; undefined where its resets are not counted */
  of(namespace: number): Counted | undefined
}

/**
 * Counts by the kernel's own table where there is one: exact, however many were not read. Where the kernel has none, by what
 * was read; if that was not all, it stands for the rest too, and from then on the counts are called shares.
 *
 * @param table reads the kernel's table
 */
export function receivedCounts(table: (() => Hist) | undefined): ReceivedCounts {
  let counts = new Map<number, Counted>()
  let isFull = false
  let isShare = false

  const set = (namespace: number, count: bigint): void => {
    const before = counts.get(namespace)
    if (before?.count === count) return
    counts.set(namespace, { origin: before?.origin ?? {}, count, isShare })
  }

  const readTable = (read: () => Hist): void => {
    const { counts: now, dropped } = read()
    isFull = dropped > 0n
    for (const [namespace, count] of now) set(namespace, count)
  }

  const addRead = (events: readonly ResetEvent[], all: number): void => {
    if (all > events.length && !isShare) {
      isShare = true
      counts = new Map([...counts].map(([namespace, counted]) => [namespace, { ...counted, isShare }]))
    }
    // Whose they were nobody knows: what was counted so far is not continued.
    if (events.length === 0) counts = new Map()
    const read = new Map<number, number>()
    for (const { namespace = 0 } of events) read.set(namespace, (read.get(namespace) ?? 0) + 1)
    for (const [namespace, rise] of apportion(all, read)) {
      if (counts.has(namespace) || counts.size < MOST)
        set(namespace, (counts.get(namespace)?.count ?? 0n) + BigInt(rise))
      else isFull = true
    }
  }

  return {
    update(events, all) {
      if (table !== undefined) readTable(table)
      else if (all > 0) addRead(events, all)
    },
    of(namespace) {
      if (!counts.has(namespace) && !isFull) set(namespace, 0n)
      return counts.get(namespace)
    },
  }
}
