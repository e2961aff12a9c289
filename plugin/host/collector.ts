import { type CauseCounts, causesCounter } from '../analysis/causes'
import type { Counters } from '../analysis/counters'
import { type Judged, QUIET, resetsJudge } from '../analysis/raised'
import { type Counted, receivedCounter } from '../analysis/received'
import type { UsualFollower } from '../analysis/usual'
import { causesChart } from '../charts/causes'
import { type ChartNamespace, OWN_NAMESPACE, PLUGIN, resetsChart } from '../charts/resets'
import type { Log } from '../log'
import { chartWriter, type Variables } from '../netdata/chart'
import type { Totals } from '../recording/watch'
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
  let measured: { received?: bigint | undefined; causes?: CauseCounts | undefined } = {}
  const resets = chartWriter(resetsChart(source.name, namespace), PLUGIN, updateEvery)
  const resetCauses = chartWriter(causesChart(source.name, namespace), PLUGIN, updateEvery)
  const describe = (): void => {
    const now = { ...namespace, labels, received: how }
    const chart = resetsChart(source.name, now)
    resets.relabel(chart.labels, chart.title)
    resetCauses.relabel(causesChart(source.name, now).labels)
  }
  return {
    collect(now) {
      const { counters, fault } = source.read()
      log.fault(`source ${source.name}${namespace.suffix}`, fault)
      const counted = countReceived()
      // In most seconds there is no reset at all, and what the counters mean is what it was.
      const moved = counters !== before && ANALYSED.some(name => counters[name] !== before[name])
      if (moved || counted !== countedBefore) {
        measured = { received: received(counters, counted), causes: causes(counters) }
      }
      before = counters
      countedBefore = counted
      const knownBy = counted === undefined || counted.isShare ? 'estimated' : 'counted'
      if (knownBy !== how) {
        how = knownBy
        describe()
      }
      const values = { sent: counters.OutRsts, received: measured.received }
      watch(values, now)
      const variables = usual({ ...values, opened: opened(counters) }, now, {
        sent: judged.sent.raised === 'flood',
        received: judged.received.raised === 'flood',
      })
      known = { ...known, ...variables }
      judged = {
        sent: judge.sent(values.sent, known.usual_sent, known.opened, now),
        received: judge.received(values.received, known.usual_received, known.opened, now),
      }
      return resets(values, now, variables) + resetCauses(measured.causes ?? {}, now)
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
