import type { Member } from './member'
import type { Others } from './others'
import type { Roster } from './roster'

/** Of the namespaces that are only summed, one in so many is read at each tick. */
const SUM_TICKS = 5

/**
 * Reads the counters of members: those with a chart of their own at every tick, the others every few ticks, for their sum.
 *
 * @returns the text of the member's charts, often none. After a reading, `member.namespace.processes` is empty where
 * all of its processes have ended
 */
export function memberReader(
  seats: Roster,
  others: Others,
): (member: Member, turn: number, now: number) => string {
  return (member, turn, now) => {
    const isSeated = seats.placeOf(member.name) === 'own'
    if (!isSeated && (turn + (member.namespace?.inode ?? 0)) % SUM_TICKS !== 0) return ''
    let text = ''
    if (isSeated) text = member.collect(now)
    else member.read()
    const rise = member.takeRise()
    if (!isSeated) others.add(rise)
    seats.count(member.name, (rise.OutRsts ?? 0n) + (rise.AttemptFails ?? 0n) + (rise.EstabResets ?? 0n))
    return text
  }
}
