import { sum } from '../analysis/continuous'
import type { Counters } from '../analysis/counters'
import type { UsualFollower } from '../analysis/usual'
import { namespaceCollector } from '../host/collector'
import type { Log } from '../log'
import type { JudgedNamespace } from './raised'

/** Milliseconds that the chart stays when there is nothing to sum, as that of a namespace which is gone does. */
const GRACE = 60_000

/** What the ids of its charts end in. */
export const OTHERS = '_others'

/** The sum of all namespaces without a chart of their own. */
export interface Others {
  add(rise: Counters): void
  /** @param count the namespaces that it is of now */
  collect(count: number, now: number): string
  /** Text that takes its chart off the dashboard. */
  retire(): string
  /** What the alarms make of the last collection; undefined where there was none. */
  readonly judged: JudgedNamespace | undefined
}

export function othersCollector(usual: UsualFollower, updateEvery: number, log: Log): Others {
  let total: Counters = {}
  let last: number | undefined
  const source = { name: 'proc', read: () => ({ counters: total }), close() {} }
  const collector = namespaceCollector(source, updateEvery, log, usual, {
    suffix: OTHERS,
    labels: { namespace: 'others' },
  })
  let judged: JudgedNamespace | undefined
  return {
    add(rise) {
      total = sum(total, rise)
    },
    collect(count, now) {
      if (count > 0) {
        last = now
        const text = collector.collect(now)
        const { sent, received } = collector.judged
        judged = { name: 'others', sent, received }
        return text
      }
      judged = undefined
      if (last === undefined || now - last < GRACE) return ''
      last = undefined
      return collector.retire()
    },
    get judged() {
      return judged
    },
    retire: collector.retire,
  }
}
