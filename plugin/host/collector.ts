import { type CauseCounts, causesCounter } from '../analysis/causes'
import type { Counters } from '../analysis/counters'
import { type Judged, QUIET, resetsJudge } from '../analysis/raised'
import { type Counted, receivedCounter } from '../analysis/received'
import type { Totals, UsualFollower } from '../analysis/usual'
import { causesChart } from '../charts/causes'
import { type ChartNamespace, OWN_NAMESPACE, PLUGIN, resetsChart } from '../charts/resets'
import type { Log } from '../log'
import { chartWriter, type Variables } from '../netdata/chart'
import { LINUX_COUNTERS, type LinuxCounter } from '../sources/linux'
import type { Source } from '../sources/source'

/** What the analysis looks at: all but how many connections were opened. */
const ANALYSED = LINUX_COUNTERS.filter(name => name !== 'ActiveOpens' && name !== 'PassiveOpens')

/** Something that is measured at every tick. */
export interface Collector {
  /** Begins what takes a while; `done` is called at most once, when it is time to collect. Absent where nothing does. */
  start?(done: () => void): void
  /**
   * @param now monotonic milliseconds
   * @returns protocol text; empty where there is nothing to show
   */
  collect(now: number): string
}

export interface HostCollector extends Collector {
  /** Lets go of what it reads. */
  close(): void
}

export interface NamespaceCollector extends Collector {
  /** Who the namespace belongs to from the next collection on. Its id stays. */
  relabel(labels: ChartNamespace['labels']): void
  /** What the alarms make of the last collection. */
  readonly judged: { readonly sent: Judged; readonly received: Judged }
  /** Text that takes its charts off the dashboard. They are there again with the next collection. */
  retire(): string
}

/**
 * The charts of one network namespace, from the counters of its source.
 *
 * @param updateEvery seconds between collections
 * @param watch gets the counters of each collection
 * @param countReceived what is counted of the resets that it receives; undefined while nobody counts them
 * @param isNew whether there was no such namespace until now
 */
export function namespaceCollector(
  source: Source<LinuxCounter>,
  updateEvery: number,
  log: Log,
  usual: UsualFollower,
  namespace: ChartNamespace = OWN_NAMESPACE,
  watch: (totals: Totals, now: number) => void = () => {},
  countReceived: () => Counted | undefined = () => undefined,
  isNew = false,
): NamespaceCollector {
  const received = receivedCounter()
  const causes = causesCounter()
  let before: Counters = {}
  let countedBefore: Counted | undefined
  let { labels } = namespace
  let how: NonNullable<ChartNamespace['received']> = 'estimated'
  const judge = { sent: resetsJudge(updateEvery, isNew), received: resetsJudge(updateEvery, isNew) }
  let judged: NamespaceCollector['judged'] = { sent: QUIET, received: QUIET }
  let known: Variables = {}
  let totals: Totals = { sent: undefined, received: undefined, opened: undefined }
  let measuredCauses: Partial<CauseCounts> = {}
  const fault = `source ${source.name}${namespace.suffix}`
  const resets = chartWriter(resetsChart(source.name, namespace), PLUGIN, updateEvery)
  const resetCauses = chartWriter(causesChart(source.name, namespace), PLUGIN, updateEvery)
  const describe = (): void => {
    const now = { ...namespace, labels, received: how }
    const chart = resetsChart(source.name, now)
    resets.relabel(chart.labels, chart.title)
    resetCauses.relabel(causesChart(source.name, now).labels)
  }
  /** What the counters mean, once one of them has moved. */
  const analyse = (counters: Counters, counted: Counted | undefined): void => {
    let { received: total } = totals
    // In most seconds there is no reset at all, and what the counters mean is what it was.
    if (counted !== countedBefore || ANALYSED.some(name => counters[name] !== before[name])) {
      total = received(counters, counted)
      measuredCauses = causes(counters) ?? {}
    }
    totals = { sent: counters.OutRsts, received: total, opened: opened(counters) }
    before = counters
    countedBefore = counted
    const knownBy = counted === undefined || counted.isShare ? 'estimated' : 'counted'
    if (knownBy === how) return
    how = knownBy
    describe()
  }
  return {
    collect(now) {
      const reading = source.read()
      log.fault(fault, reading.fault)
      const counted = countReceived()
      if (reading.counters !== before || counted !== countedBefore) analyse(reading.counters, counted)
      watch(totals, now)
      const variables = usual(totals, now, {
        sent: judged.sent.raised === 'flood',
        received: judged.received.raised === 'flood',
      })
      if (variables !== undefined) known = { ...known, ...variables }
      judged = {
        sent: judge.sent(totals.sent, known.usual_sent, known.opened, now),
        received: judge.received(totals.received, known.usual_received, known.opened, now),
      }
      return resets(totals, now, variables) + resetCauses(measuredCauses, now)
    },
    relabel(anew) {
      labels = anew
      describe()
    },
    get judged() {
      return judged
    },
    retire: () => resets.retire() + resetCauses.retire(),
  }
}

/** Connections opened, by either side. Both counters start at boot and only rise, and so does their sum. */
function opened({ ActiveOpens, PassiveOpens }: Counters): bigint | undefined {
  return ActiveOpens === undefined || PassiveOpens === undefined ? undefined : ActiveOpens + PassiveOpens
}
