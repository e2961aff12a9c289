import { sum } from '../analysis/continuous'
import type { Counters } from '../analysis/counters'
import { namespaceCollector } from '../host/collector'
import type { Log } from '../log'

/** Milliseconds that the chart stays when there is nothing to sum, as that of a namespace which is gone does. */
const GRACE = 60_000

/** The sum of all namespaces without a chart of their own. */
export interface Others {
  add(rise: Counters): void
  /** @param count the namespaces that it is of now */
  collect(count: number, now: number): string
  /** Text that takes its chart off the dashboard. */
  retire(): string
}

export function othersCollector(updateEvery: number, log: Log): Others {
  let total: Counters = {}
  let last: number | undefined
  const source = { name: 'proc', read: () => ({ counters: total }), close() {} }
  const collector = namespaceCollector(source, updateEvery, log, {
    suffix: '_others',
    labels: { namespace: 'others' },
  })
  return {
    add(rise) {
      total = sum(total, rise)
    },
    collect(count, now) {
      if (count > 0) {
        last = now
        return collector.collect(now)
      }
      if (last === undefined || now - last < GRACE) return ''
      last = undefined
      return collector.retire()
    },
    retire: collector.retire,
  }
}
