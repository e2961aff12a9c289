import type { Counted } from '../analysis/received'
import type { Time } from '../clock'
import type { Collector } from '../host/collector'
import type { Log } from '../log'
import { traceCharts } from './charts'
import { grantWatch } from './grant-watch'
import { traceReader } from './reader'
import { resetTally, type TallyDetails } from './tally'
import type { Trace } from './trace'

/** The reasons and peers that the kernel's trace gives, as the table shows them. */
export interface Details extends TallyDetails {
  /** Whether this kernel names a reason with the resets it sends. */
  readonly hasReasons: boolean
}

export interface Tracing extends Collector {
  /** Lets go of the trace, and gives the text that takes its charts off the dashboard. */
  retire(): string
  /**
   * @param now monotonic milliseconds
   * @returns undefined while the grant is missing
   */
  details(now: number): Details | undefined
  /**
   * What was counted, up to the last collection, of the resets that a network namespace received.
   *
   * @param namespace the inode of its `net/stat`
   * @returns undefined while nobody counts them
   */
  counted(namespace: number): Counted | undefined
}

/** The buffers say by themselves that something happened. This often they are counted all the same. */
const COUNT_ANYWAY_MS = 10_000

/**
 * The charts and details of the kernel's trace of resets, whenever root has granted it. Without the grant there is
 * nothing to show, and the log says once how to get it.
 *
 * Counts come from the statistics of the trace buffers, which no rate can overflow. Details come from the events that
 * could be read; where that was not all of them, they stand for the others of their direction too.
 *
 * @param folder where the granted instances are
 * @param updateEvery seconds between collections
 * @param onGrant told at each look for the grant whether it is there
 * @param containerOf names a network namespace, by the inode of its `net/stat`
 */
export function tracingCollector(
  folder: string,
  updateEvery: number,
  time: Time,
  log: Log,
  onGrant: (isThere: boolean) => void,
  containerOf: (namespace: number) => string,
): Tracing {
  const tally = resetTally(containerOf)
  const charts = traceCharts(updateEvery)
  const grant = grantWatch(folder, log, onGrant)
  const reader = traceReader(
    () => grant.trace?.streams ?? [],
    time,
    () => count(time.monotonic()),
    grant.fail,
  )
  let nextCount = 0

  const count = (now: number): void => {
    const { trace } = grant
    if (trace === undefined) return
    if (now < nextCount && trace.streams.every(({ isQuiet }) => isQuiet)) return
    nextCount = now + COUNT_ANYWAY_MS
    try {
      countStreams(trace, now)
      grant.works()
    } catch (error) {
      grant.fail(error)
    }
  }

  const countStreams = ({ streams, received }: Trace, now: number): void => {
    for (const { direction, take } of streams) {
      const { events, all } = take()
      if (direction === 'received') received?.update(events, all)
      tally.add(direction, events, all, now)
    }
  }

  return {
    collect(now) {
      const opened = grant.check(now)
      if (opened !== undefined) charts.describe(opened)
      reader.read()
      count(now)
      return grant.trace === undefined ? '' : charts.collect(tally, now)
    },
    details(now) {
      if (grant.trace === undefined) return undefined
      return { ...tally.details(now), hasReasons: grant.trace.hasReasons }
    },
    counted: namespace => grant.trace?.received?.of(namespace),
    retire() {
      reader.stop()
      grant.close()
      return charts.retire()
    },
  }
}
