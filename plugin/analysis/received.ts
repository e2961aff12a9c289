import { atLeast0, type Counters, type Rises, riseFollower } from './counters'

const NEEDED = [
  'AttemptFails',
  'EstabResets',
  'TCPAbortOnClose',
  'TCPAbortOnData',
  'TCPAbortOnTimeout',
  'TCPChallengeACK',
  'TCPSYNChallenge',
] as const

/**
 * An estimate of the resets received between two readings; no kernel counter has them.
 *
 * A connection that failed while it was set up (AttemptFails), or that ended without the closing handshake
 * (EstabResets), was reset by the peer, unless this host let it time out, aborted it, or closed it with unread
 * data. A reset that the kernel did not believe and challenged (RFC 5961) counts too. A reset that ended nothing
 * here is not seen, and a connection that this host killed in a way that no counter names (`ss -K`, a listener
 * closed with connections waiting) counts as received.
 *
 * TCPAbortOnMemory and TCPAbortOnLinger are left alone: both happen only to connections that were closed already,
 * which EstabResets does not have.
 *
 * @returns resets, never below 0
 */
export function estimateReceived(rise: Rises<(typeof NEEDED)[number]>): bigint {
  const failed = rise.AttemptFails
  const timedOut = rise.TCPAbortOnTimeout
  const handshake = atLeast0(failed - timedOut)
  const timedOutLater = atLeast0(timedOut - failed)
  const ownAborts = rise.TCPAbortOnData + rise.TCPAbortOnClose
  const established = atLeast0(rise.EstabResets - ownAborts - timedOutLater)
  // A SYN into an established connection is challenged as well.
  const challenged = atLeast0(rise.TCPChallengeACK - rise.TCPSYNChallenge)
  return handshake + established + challenged
}

/** Resets that a namespace received, as somebody has counted them. */
export interface Counted {
  /** Since when it is counted, and of which namespace. Counts of the same origin can be compared. */
  readonly origin: object
  readonly count: bigint
  /** Whether a part of it is only a namespace's share of what all of them received. */
  readonly isShare: boolean
}

/**
 * Adds up to a counter that never goes down: what was counted, for as long as somebody counts, and else the estimates. It
 * goes on where it was when the one takes over from the other.
 *
 * @returns for each reading the resets received since the first one; undefined while a counter that the estimate
 * needs is missing, and the next complete reading accounts for the time between
 */
export function receivedCounter(): (counters: Counters, counted?: Counted) => bigint | undefined {
  const follow = riseFollower(NEEDED)
  let total = 0n
  let before: Counted | undefined
  return (counters, counted) => {
    // Followed all the time, so that an estimate begins where the count ends.
    const rise = follow(counters)
    const since = before?.origin === counted?.origin ? before : undefined
    before = counted
    if (counted !== undefined && since !== undefined) total += counted.count - since.count
    else if (rise !== undefined) total += estimateReceived(rise)
    else return undefined
    return total
  }
}
