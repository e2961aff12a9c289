import { receivedCounterFreebsd } from '../analysis/received-freebsd'
import { usualFollower } from '../analysis/usual'
import { freebsdCausesChart, freebsdResetsChart } from '../charts/freebsd'
import { PLUGIN } from '../charts/resets'
import type { Log } from '../log'
import { chartWriter } from '../netdata/chart'
import { freebsdSource } from '../sources/freebsd'
import type { FreebsdCounter } from '../sources/freebsd-counters'
import type { Reading, SlowSource } from '../sources/source'
import type { Collector } from './collector'

/**
 * The collector of this FreeBSD system.
 *
 * @param path PATH, where netstat is looked for
 * @throws where there is no netstat
 */
export function openFreebsd(path: string | undefined, updateEvery: number, log: Log): Collector {
  return freebsdCollector(freebsdSource(path, updateEvery), updateEvery, log)
}

/**
 * The charts of a FreeBSD system, from the counters of its source.
 *
 * @param updateEvery seconds between collections
 */
export function freebsdCollector(
  source: SlowSource<FreebsdCounter>,
  updateEvery: number,
  log: Log,
): Collector {
  const receivedSince = receivedCounterFreebsd()
  const usual = usualFollower()
  const resets = chartWriter(freebsdResetsChart(source.name), PLUGIN, updateEvery)
  const causes = chartWriter(freebsdCausesChart(source.name), PLUGIN, updateEvery)
  return {
    start: source.start,
    collect(now) {
      const { counters, fault } = source.read()
      log.fault(`source ${source.name}`, fault)
      const received = receivedSince(counters)
      // Nothing counts sent: a place holder for the follower, and what comes of it is not published.
      const variables = usual({ sent: 0n, received, opened: opened(counters) }, now)
      if (variables !== undefined) delete variables.usual_sent
      const each = {
        received_half_open: counters.tcps_sc_reset,
        received_ignored: counters.tcps_badrst,
        listen_overflow: counters.tcps_listendrop,
      }
      return resets({ received }, now, variables) + causes(each, now)
    },
  }
}

/** Connections opened, by either side. */
function opened({ tcps_connattempt, tcps_accepts }: Reading<FreebsdCounter>['counters']): bigint | undefined {
  return tcps_connattempt === undefined || tcps_accepts === undefined
    ? undefined
    : tcps_connattempt + tcps_accepts
}
