import type { Config } from '../config/config'
import type { Silence } from '../recording/burst'
import type { Owner } from './cgroup'
import type { Namespace } from './find'
import type { Member } from './member'
import type { Members } from './members'
import { readOwner } from './owner'
import { hadTraffic } from './read'
import { simplePattern } from './simple-pattern'

/** Seconds that a namespace has to last before it gets a chart: a job of a few seconds would leave it behind. */
const MIN_AGE = 30

/** What is to become of a namespace. */
export type Decision =
  | { readonly is: 'ended' | 'silent' | 'new' | 'excluded' }
  /** `back`: the member that it continues. `isNew`: when it was seen first it was young, or had no traffic; `silence` is
   * how long it had none. */
  | {
      readonly is: 'named'
      readonly name: string
      readonly owner: Owner
      readonly back: Member | undefined
      readonly isNew: boolean
      readonly silence: Silence | undefined
    }

/**
 * Decides about namespaces that are not named yet. One without TCP traffic is none that anybody wants to see; one whose owner
 * was there before goes on at once; any other has to last first.
 *
 * @param root where the host's root is mounted, `''` for `/`
 * @returns the decision about a namespace of so many seconds of age, at so many monotonic milliseconds
 */
export function admission(
  root: string,
  { include, exclude }: Pick<Config['namespaces'], 'include' | 'exclude'>,
  members: Members,
): (namespace: Namespace, age: number, now: number) => Decision {
  const isIncluded = simplePattern(include)
  const isExcluded = simplePattern(exclude)
  const isNew = new WeakSet<Namespace>()
  const silences = new WeakMap<Namespace, Silence>()
  return (namespace, age, now) => {
    if (!hadTraffic(`${root}/proc`, namespace)) {
      isNew.add(namespace)
      const silence = silences.get(namespace)
      if (silence) silence.until = now
      else silences.set(namespace, { from: now, until: now })
      return { is: namespace.processes.length === 0 ? 'ended' : 'silent' }
    }
    const owner = readOwner(
      root,
      namespace.processes.map(({ pid }) => pid),
    )
    if (owner === undefined) return { is: 'ended' }
    const back = members.goneOf(owner)
    if (back === undefined && age < MIN_AGE) {
      isNew.add(namespace)
      return { is: 'new' }
    }
    const name = back?.name ?? members.nameFor(owner, namespace.inode)
    if (!isIncluded(name) || isExcluded(name)) return { is: 'excluded' }
    return { is: 'named', name, owner, back, isNew: isNew.has(namespace), silence: silences.get(namespace) }
  }
}
