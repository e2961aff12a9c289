import type { Owner } from './cgroup'
import type { Member } from './member'
import { uniqueName, wantedName } from './name'

/** So many are remembered that are gone and have no chart any more: their counters go on should they come back. */
const REMEMBERED = 200

/** All that have a name, with those that are gone. */
export interface Members {
  /** Those that are there now. */
  present(): Member[]
  /** Those and the ones that are gone. */
  all(): Member[]
  get(name: string): Member | undefined
  /** The one that is gone, and that this owner continues. */
  goneOf(owner: Owner): Member | undefined
  /** @param inode what tells the owner's namespace from all others */
  nameFor(owner: Owner, inode: number): string
  /** It is there, or there again. */
  add(member: Member): void
  /**
   * Forgets those that are gone, have no chart, and can't come back or were away the longest.
   *
   * @param hasChart whether the name still has one
   */
  trim(hasChart: (name: string) => boolean): void
}

export function newMembers(): Members {
  /** By name. The one that was away the longest comes first. */
  const members = new Map<string, Member>()
  return {
    present: () => [...members.values()].filter(({ namespace }) => namespace !== undefined),
    all: () => [...members.values()],
    get: name => members.get(name),
    goneOf({ identity }) {
      if (identity === undefined) return undefined
      for (const member of members.values())
        if (member.namespace === undefined && member.identity === identity) return member
      return undefined
    },
    // A name that is gone is not free: its charts would go on with the counters of another.
    nameFor: (owner, inode) => uniqueName(wantedName(owner.name), inode, name => members.has(name)),
    add(member) {
      members.delete(member.name)
      members.set(member.name, member)
    },
    trim(hasChart) {
      const gone = [...members.values()].filter(
        ({ name, namespace }) => namespace === undefined && !hasChart(name),
      )
      const comingBack = gone.filter(({ identity }) => identity !== undefined)
      const kept = new Set(comingBack.slice(-REMEMBERED))
      for (const member of gone) if (!kept.has(member)) members.delete(member.name)
    },
  }
}
