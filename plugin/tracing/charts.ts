import { PLUGIN } from '../charts/resets'
import { reasonsChart, tracedChart } from '../charts/traced'
import { type ChartWriter, chartWriter } from '../netdata/chart'
import type { ResetTally } from './tally'
import type { Trace } from './trace'

/** The charts of the trace. */
export interface TraceCharts {
  /** What they say of themselves is what this grant gives. */
  describe(trace: Pick<Trace, 'isWhole' | 'hasReasons'>): void
  /** @returns protocol text; empty before they were described */
  collect(tally: Pick<ResetTally, 'traced' | 'reasons'>, now: number): string
  /** Text that takes them off the dashboard. */
  retire(): string
}

/** @param updateEvery seconds between collections */
export function traceCharts(updateEvery: number): TraceCharts {
  let charts: { readonly traced: ChartWriter; readonly reasons: ChartWriter } | undefined
  return {
    describe({ isWhole, hasReasons }) {
      const [traced, reasons] = [tracedChart(isWhole, hasReasons), reasonsChart(isWhole, hasReasons)]
      charts ??= {
        traced: chartWriter(traced, PLUGIN, updateEvery),
        reasons: chartWriter(reasons, PLUGIN, updateEvery),
      }
      charts.traced.relabel(traced.labels, traced.title)
      charts.reasons.relabel(reasons.labels, reasons.title)
    },
    collect: (tally, now) =>
      charts === undefined ? '' : charts.traced(tally.traced(), now) + charts.reasons(tally.reasons(), now),
    retire: () => (charts === undefined ? '' : charts.traced.retire() + charts.reasons.retire()),
  }
}
