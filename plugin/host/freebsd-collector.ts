import { QUIET, resetsJudge } from '../analysis/raised'
import { receivedCounterFreebsd } from '../analysis/received-freebsd'
import { timeoutResetsCounter } from '../analysis/sent-freebsd'
import type { UsualFollower } from '../analysis/usual'
import { freebsdCausesChart, freebsdResetsChart } from '../charts/freebsd'
import { PLUGIN } from '../charts/resets'
import type { Log } from '../log'
import { chartWriter, type Variables } from '../netdata/chart'
import { freebsdSource } from '../sources/freebsd'
import type { FreebsdCounter } from '../sources/freebsd-counters'
import { freebsdReleases, MISMATCH_ADVICE, mismatchOf } from '../sources/freebsd-release'
import type { Reading, SlowSource } from '../sources/source'
import type { HostCollector } from './collector'

/**
 * The collector of this FreeBSD system.
 *
 * @param path PATH, where netstat is looked for
 * @throws where there is no netstat, or none that can be believed
 */
export function openFreebsd(
  path: string,
  updateEvery: number,
  usual: UsualFollower,
  log: Log,
): HostCollector {
  const mismatch = mismatchOf(freebsdReleases(path))
  if (mismatch !== undefined) throw new Error(`${mismatch}; ${MISMATCH_ADVICE}`)
  return freebsdCollector(freebsdSource(path, updateEvery), updateEvery, usual, log)
}

/**
 * The charts of a FreeBSD system, from the counters of its source.
 *
 * @param updateEvery seconds between collections
 */
export function freebsdCollector(
  source: SlowSource<FreebsdCounter>,
  updateEvery: number,
  usual: UsualFollower,
  log: Log,
): HostCollector {
  const receivedSince = receivedCounterFreebsd()
  const timeoutResets = timeoutResetsCounter()
  const judge = resetsJudge(updateEvery, false)
  let judged = QUIET
  let known: Variables = {}
  const resets = chartWriter(freebsdResetsChart(source.name), PLUGIN, updateEvery)
  const causes = chartWriter(freebsdCausesChart(source.name), PLUGIN, updateEvery)
  return {
    start: source.start,
    close: source.close,
    collect(now) {
      const { counters, fault } = source.read()
      log.fault(`source ${source.name}`, fault)
      const received = receivedSince(counters)
      // Nothing counts all that are sent: a place holder for the follower, and what comes of it is not published.
      const raised = { sent: false, received: judged.raised === 'flood' }
      const variables = usual({ sent: 0n, received, opened: opened(counters) }, now, raised)
      if (variables !== undefined) delete variables.usual_sent
      known = { ...known, ...variables }
      judged = judge(received, known.usual_received, known.opened, now)
      const each = {
        received_half_open: counters.tcps_sc_reset,
        received_ignored: counters.tcps_badrst,
        listen_overflow: counters.tcps_listendrop,
        sent_after_close: counters.tcps_rcvafterclose,
        sent_persist_timeout: counters.tcps_persistdrop,
        sent_timeout_at_least: timeoutResets(counters),
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
