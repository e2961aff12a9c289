import type { LinuxCounter } from '../sources/linux'

type Counters = Readonly<Partial<Record<LinuxCounter, bigint>>>
type Complete = Readonly<Record<LinuxCounter, bigint>>

const NEEDED: readonly LinuxCounter[] = [
  'AttemptFails',
  'EstabResets',
  'TCPAbortOnData',
  'TCPAbortOnClose',
  'TCPAbortOnMemory',
  'TCPAbortOnLinger',
  'TCPAbortOnTimeout',
]

/**
 * An estimate of the resets received between two readings; no kernel counter has them.
 *
 * A connection that failed while it was being set up (AttemptFails), or that ended without the closing
 * handshake (EstabResets), was reset by the peer unless this host gave it up itself. The host's own part is
 * what it aborted (TCPAbortOn*, for established ones) and what timed out (TCPAbortOnTimeout, for either).
 * A reset that ended nothing here (no such connection, a listening or closing socket, one that was challenged)
 * moves no counter and is not seen.
 *
 * @returns resets, never below 0; 0 where a counter went back, which means it started anew
 */
export function estimateReceived(before: Complete, now: Complete): bigint {
  for (const name of NEEDED) if (now[name] < before[name]) return 0n
  const rise = (name: LinuxCounter): bigint => now[name] - before[name]

  const failed = rise('AttemptFails')
  const timedOut = rise('TCPAbortOnTimeout')
  const handshake = atLeast0(failed - timedOut)

  const ownAborts =
    rise('TCPAbortOnData') + rise('TCPAbortOnClose') + rise('TCPAbortOnMemory') + rise('TCPAbortOnLinger')
  const established = atLeast0(rise('EstabResets') - ownAborts - atLeast0(timedOut - failed))

  return handshake + established
}

/**
 * Adds the estimates up to a counter that never goes down.
 *
 * @returns for each reading the resets received since the first one; undefined while a counter that the
 * estimate needs is missing, and the next complete reading accounts for the time between
 */
export function receivedCounter(): (counters: Counters) => bigint | undefined {
  let before: Complete | undefined
  let total = 0n
  return counters => {
    if (!isComplete(counters)) return undefined
    if (before !== undefined) total += estimateReceived(before, counters)
    before = counters
    return total
  }
}

function isComplete(counters: Counters): counters is Complete {
  for (const name of NEEDED) if (counters[name] === undefined) return false
  return true
}

function atLeast0(value: bigint): bigint {
  return value > 0n ? value : 0n
}
