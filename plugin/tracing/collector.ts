import { existsSync } from 'node:fs'
import type { Counted } from '../analysis/received'
import { PLUGIN } from '../charts/resets'
import { reasonsChart, tracedChart } from '../charts/traced'
import type { Time } from '../clock'
import type { Collector } from '../host/collector'
import type { Log } from '../log'
import { messageOf } from '../message'
import { type ChartWriter, chartWriter } from '../netdata/chart'
import type { ResetEvent } from './event'
import type { TraceInstance } from './instance'
import { openTracing } from './instances'
import { type ReceivedCounts, receivedCounts } from './received'
import { resetTally, type TallyDetails } from './tally'

/** The reasons and peers of layer 2, as the table shows them. */
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

/** A grant that comes or goes is noticed within this time. */
const GRANT_CHECK_MS = 5000
/**
 * Between two looks into the buffers while there is little in them, and while there is much. Every tick looks too: with
 * one a second, none is needed in between.
 */
const QUIET_MS = 1500
const BUSY_MS = 100
/** Events read at each look, in each direction. What is beyond is sampled: the last that fit into the buffers. */
const EVENTS_A_LOOK = 500
/** The buffers say by themselves that something happened. This often they are counted all the same. */
const COUNT_ANYWAY_MS = 10_000
/** One direction: its buffer, and what was read from it since it was counted last. */
interface Stream {
  readonly instance: TraceInstance
  events: ResetEvent[]
  unreadable: number
}

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
  let streams: Stream[] = []
  let received: ReceivedCounts | undefined
  let charts: { traced: ChartWriter; reasons: ChartWriter } | undefined
  let nextGrantCheck = 0
  let nextCount = 0
  let saidHow = false
  let failing = false
  let cancelLook = (): void => {}
  const tally = resetTally(containerOf)

  const checkGrant = (now: number): void => {
    // At once, or what the kernel counts no longer would be taken for no resets.
    const isThere = streams.every(({ instance }) => instance.isStillThere())
    if (isThere && now < nextGrantCheck) return
    nextGrantCheck = now + GRANT_CHECK_MS
    if (!isThere || !streams.every(({ instance }) => instance.isStillOn())) {
      log.info(`tracing: ${folder} is no longer granted; no reasons and peers until it is again`)
      letGo()
    }
    if (streams.length === 0) attach()
  }

  const attach = (): void => {
    // The same as below, without the cost of an error each time.
    if (saidHow && !existsSync(folder)) {
      onGrant(false)
      return
    }
    try {
      streams = openTracing(folder).map(instance => ({ instance, events: [], unreadable: 0 }))
      received = countsOf(streams)
    } catch (error) {
      letGo()
      if (!saidHow) {
        log.info(
          `tracing: no reasons and peers of resets: ${messageOf(error)}. To get them, as root: tcp-resets grant`,
        )
      }
      saidHow = true
      onGrant(false)
      return
    }
    saidHow = true
    define()
    if (!failing) log.info(`tracing: reading the reasons and peers of resets from ${folder}`)
    for (const { instance } of streams) {
      if (instance.blind !== undefined && !failing) log.warning(`tracing: counts only: ${instance.blind}`)
    }
    onGrant(true)
  }

  const letGo = (): void => {
    cancelLook()
    received = undefined
    for (const { instance } of streams) instance.close()
    streams = []
  }

  /** What the charts say of themselves is what this grant gives. */
  const define = (): void => {
    const isWhole = streams.every(({ instance }) => instance.isWhole)
    const [traced, reasons] = [tracedChart(isWhole, sendsReasons()), reasonsChart(isWhole, sendsReasons())]
    charts ??= {
      traced: chartWriter(traced, PLUGIN, updateEvery),
      reasons: chartWriter(reasons, PLUGIN, updateEvery),
    }
    charts.traced.relabel(traced.labels, traced.title)
    charts.reasons.relabel(reasons.labels, reasons.title)
  }

  const sendsReasons = (): boolean => streams.some(({ instance }) => instance.hasReasons)

  /** Takes out of the buffers what is in them, a bounded part of it, and comes again: soon, if there was more. */
  const look = (): void => {
    cancelLook()
    if (streams.length === 0) return
    let more = false
    try {
      for (const stream of streams) {
        const drained = stream.instance.drain(EVENTS_A_LOOK)
        for (const event of drained.events) stream.events.push(event)
        stream.unreadable += drained.unreadable
        more ||= drained.more
      }
    } catch (error) {
      fail(error)
      return
    }
    cancelLook = time.in(more ? BUSY_MS : QUIET_MS, lookBetweenTicks)
  }

  const lookBetweenTicks = (): void => {
    look()
    // Or with a long interval between ticks, what was read would pile up.
    if (streams.some(({ events }) => events.length >= 10 * EVENTS_A_LOOK)) count(time.monotonic())
  }

  const count = (now: number): void => {
    const quiet = streams.every(
      ({ instance, events, unreadable }) =>
        events.length === 0 && unreadable === 0 && instance.blind === undefined,
    )
    if (quiet && now < nextCount) return
    nextCount = now + COUNT_ANYWAY_MS
    try {
      for (const stream of streams) countStream(stream, now)
      failing = false
      log.fault('tracing', undefined)
    } catch (error) {
      fail(error)
    }
  }

  const countStream = (stream: Stream, now: number): void => {
    const { instance, events } = stream
    const all = Math.max(instance.count(), events.length + stream.unreadable)
    stream.events = []
    stream.unreadable = 0
    if (instance.direction === 'received') received?.update(events, all)
    tally.add(instance.direction, events, all, now)
  }

  const fail = (error: unknown): void => {
    failing = true
    log.fault('tracing', messageOf(error))
    letGo()
  }

  return {
    collect(now) {
      checkGrant(now)
      look()
      count(now)
      if (charts === undefined || streams.length === 0) return ''
      return charts.traced(tally.traced(), now) + charts.reasons(tally.reasons(), now)
    },
    details(now) {
      if (streams.length === 0) return undefined
      return { ...tally.details(now), hasReasons: sendsReasons() }
    },
    counted: namespace => received?.of(namespace),
    retire() {
      letGo()
      return charts === undefined ? '' : charts.traced.retire() + charts.reasons.retire()
    },
  }
}

/** @throws the system's error */
function countsOf(streams: readonly Stream[]): ReceivedCounts | undefined {
  const [instance] = streams.flatMap(({ instance }) => (instance.direction === 'received' ? instance : []))
  const { isWhole, blind, countByNamespace } = instance ?? {}
  if (!isWhole || (blind !== undefined && countByNamespace === undefined)) return undefined
  const counts = receivedCounts(countByNamespace)
  counts.update([], 0)
  return counts
}
