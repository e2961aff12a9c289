import { atLeast0, type Counters, type Rises, riseFollower } from './counters'

const NEEDED = [
  'AttemptFails',
  'EmbryonicRsts',
  'ListenOverflows',
  'OutRsts',
  'SyncookiesFailed',
  'TCPAbortFailed',
  'TCPAbortOnClose',
  'TCPAbortOnData',
  'TCPAbortOnLinger',
  'TCPAbortOnMemory',
  'TCPAbortOnTimeout',
  'TCPTimeouts',
] as const

/** Why resets were sent, as far as the counters prove it; `other` is the rest of OutRsts. */
export const CAUSES = [
  'unread_data',
  'aborted',
  'memory',
  'keepalive',
  'listen_queue',
  'bad_syncookie',
  'not_sent',
  'other',
] as const
export type Cause = (typeof CAUSES)[number]
export type CauseCounts = Readonly<Record<Cause, bigint>>

/**
 * Splits the resets sent between two readings by cause. The parts add up to OutRsts exactly; what no counter proves
 * stays in `other`: closed ports, connections that this host no longer knows, half-open ones, `ss -K`.
 */
export function splitCauses(rise: Rises<(typeof NEEDED)[number]>): CauseCounts {
  let left = rise.OutRsts
  const take = (count: bigint): bigint => {
    const taken = count < left ? atLeast0(count) : left
    left -= taken
    return taken
  }

  // A reset that could not be sent is counted in OutRsts and, for nearly all, under its reason as well: it is
  // taken from the reasons, so that it is not counted twice.
  let unsent = take(rise.TCPAbortFailed)
  const notSent = unsent
  const takeSent = (count: bigint): bigint => {
    const withUnsent = unsent < count ? unsent : count
    unsent -= withUnsent
    return take(count - withUnsent)
  }

  return {
    not_sent: notSent,
    unread_data: takeSent(rise.TCPAbortOnClose),
    // SO_LINGER 0, or data that arrived after close (TCPAbortOnData); TCP_LINGER2 below 0 (TCPAbortOnLinger).
    aborted: takeSent(rise.TCPAbortOnData + rise.TCPAbortOnLinger),
    memory: takeSent(rise.TCPAbortOnMemory),
    // TCPAbortOnTimeout has every kind of timeout, and only that of keepalive sends a reset. The others come from the
    // retransmission timer, which counts itself in TCPTimeouts: what is beyond those was keepalive.
    keepalive: takeSent(atLeast0(rise.TCPAbortOnTimeout - rise.TCPTimeouts)),
    // With tcp_abort_on_overflow, a full accept queue drops the half-open connection (EmbryonicRsts) and answers with
    // a reset. A half-open connection that the peer reset moves EmbryonicRsts too, and AttemptFails with it.
    listen_queue: take(smaller(rise.ListenOverflows, atLeast0(rise.EmbryonicRsts - rise.AttemptFails))),
    bad_syncookie: take(rise.SyncookiesFailed),
    other: left,
  }
}

/**
 * Adds the causes up to counters that never go down.
 *
 * @returns for each reading the resets by cause since the first one; undefined while a counter is missing, and the next
 * complete reading accounts for the time between
 */
export function causesCounter(): (counters: Counters) => CauseCounts | undefined {
  const follow = riseFollower(NEEDED)
  const totals: Record<Cause, bigint> = {
    unread_data: 0n,
    aborted: 0n,
    memory: 0n,
    keepalive: 0n,
    listen_queue: 0n,
    bad_syncookie: 0n,
    not_sent: 0n,
    other: 0n,
  }
  return counters => {
    const rise = follow(counters)
    if (rise === undefined) return undefined
    const counts = splitCauses(rise)
    for (const cause of CAUSES) totals[cause] += counts[cause]
    return { ...totals }
  }
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
