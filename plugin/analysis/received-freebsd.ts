import type { FreebsdCounter } from '../sources/freebsd-counters'
import { atLeast0, type Counters, type Rises, riseFollower } from './counters'

const NEEDED = [
  'tcps_conndrops',
  'tcps_drops',
  'tcps_timeoutdrop',
  'tcps_persistdrop',
  'tcps_keepdrops',
  'tcps_progdrops',
  'tcps_sc_reset',
  'tcps_badrst',
] as const satisfies readonly FreebsdCounter[]

/**
 * An estimate of the resets received between two readings, by the rule that estimateReceived() follows on Linux.
 *
 * A connection that was dropped while it was set up (tcps_conndrops), or later (tcps_drops), was reset by the peer,
 * unless this host let it time out. Whichever timer it was (tcps_timeoutdrop, tcps_persistdrop, tcps_keepdrops,
 * tcps_progdrops), the kernel counts the drop as well, so they are taken off. A reset that ended a half-open connection
 * (tcps_sc_reset), or that the kernel did not believe (tcps_badrst), is counted by itself.
 *
 * The kernel counts a timeout just before its drop. A reading in between has the one without the other, so what can't
 * be taken off yet is taken off the drops to come.
 *
 * Unlike Linux, FreeBSD does not count what programs abort (SO_LINGER 0, tcpdrop(8), a listener that closes): those
 * are in tcps_drops and so in the estimate, as is a connect that an ICMP message ended. The FIN_WAIT_2 timeout is
 * left alone: it counts no drop (sys/netinet/tcp_timer.c).
 *
 * @param ahead timeouts of earlier readings whose drops were not counted yet then
 * @returns resets, never below 0, and the timeouts that are ahead of their drops now
 */
export function estimateReceivedFreebsd(
  rise: Rises<(typeof NEEDED)[number]>,
  ahead = 0n,
): { received: bigint; ahead: bigint } {
  const timedOut = rise.tcps_timeoutdrop + rise.tcps_persistdrop + rise.tcps_keepdrops + rise.tcps_progdrops
  const dropped = rise.tcps_conndrops + rise.tcps_drops - timedOut - ahead
  return {
    received: atLeast0(dropped) + rise.tcps_sc_reset + rise.tcps_badrst,
    ahead: atLeast0(-dropped),
  }
}

/**
 * Adds the estimates up to a counter that never goes down, not even after `netstat -z`.
 *
 * @returns for each reading the resets received since the first one; undefined while a counter that the estimate
 * needs is missing, and the next complete reading accounts for the time between
 */
export function receivedCounterFreebsd(): (counters: Counters<FreebsdCounter>) => bigint | undefined {
  const follow = riseFollower(NEEDED)
  let total = 0n
  let timeoutsAhead = 0n
  return counters => {
    // Before FreeBSD 14 nothing was dropped for that, so nothing is missing there.
    const rise = follow({ tcps_progdrops: 0n, ...counters })
    if (rise === undefined) return undefined
    const { received, ahead } = estimateReceivedFreebsd(rise, timeoutsAhead)
    timeoutsAhead = ahead
    total += received
    return total
  }
}
