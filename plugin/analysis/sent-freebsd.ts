import type { FreebsdCounter } from '../sources/freebsd-counters'
import { atLeast0, type Counters, riseFollower } from './counters'

/**
 * Counts resets that this host must have sent because a connection timed out: at least so many.
 *
 * When a retransmission or a keepalive timer ends a connection that was answered, the kernel sends a reset
 * (tcp_drop() in sys/netinet/tcp_subr.c). When it ends a connect that was not, it sends none, and counts an embryonic
 * drop instead. So of the timeouts (tcps_timeoutdrop, tcps_keepdrops) no more than the embryonic drops (tcps_conndrops)
 * were without a reset. A timeout is counted just before its drop, which can then be in the next reading; so each
 * is counted one reading late, when it is certain.
 *
 * @returns for each reading the resets since the first one; undefined while a counter that it needs is missing
 */
export function timeoutResetsCounter(): (counters: Counters<FreebsdCounter>) => bigint | undefined {
  const follow = riseFollower(['tcps_timeoutdrop', 'tcps_keepdrops', 'tcps_conndrops'])
  let total = 0n
  let uncertain = 0n
  return counters => {
    const rise = follow(counters)
    if (rise === undefined) return undefined
    total += atLeast0(uncertain - rise.tcps_conndrops)
    uncertain = atLeast0(rise.tcps_timeoutdrop + rise.tcps_keepdrops - rise.tcps_conndrops)
    return total
  }
}
