import { continuous, rise } from '../analysis/continuous'
import type { Counters } from '../analysis/counters'
import type { Counted } from '../analysis/received'
import type { UsualFollower } from '../analysis/usual'
import type { ChartNamespace } from '../charts/resets'
import { namespaceCollector } from '../host/collector'
import type { Log } from '../log'
import type { Silence } from '../recording/burst'
import { recordBursts } from '../recording/watch'
import type { LinuxCounter } from '../sources/linux'
import type { Source } from '../sources/source'
import type { Owner } from './cgroup'
import type { Namespace } from './find'
import { statInode } from './processes'
import { type JudgedNamespace, raisedCollector } from './raised'
import { foreignSource } from './read'

/** What goes by one name: a container with all the network namespaces it has had, one after the other. */
export interface Member {
  readonly name: string
  /** The one it has now; undefined while it is gone. */
  readonly namespace: Namespace | undefined
  /** What the kernel's trace knows that namespace by; undefined where it could not be seen. */
  readonly statInode: number | undefined
  /** Of whom it belongs to, while it is gone of whom it belonged to. Another owner does not continue its counters. */
  readonly identity: string | undefined
  /** From now on this is its namespace, and its labels are those of this owner. */
  follow(namespace: Namespace, owner: Owner): void
  leave(): void
  /** Reads its counters, and gives the text of its charts. */
  collect(now: number): string
  /** What the alarms make of the last collection; undefined where it rings by itself, and before the first one. */
  readonly judged: JudgedNamespace | undefined
  /** Reads its counters only. */
  read(): void
  /** How far the counters rose between the two readings before the last two calls of this. */
  takeRise(): Counters
  /** Text that takes its charts off the dashboard. */
  retire(): string
}

/**
 * @param proc where procfs is mounted
 * @param name one that no other has
 * @param isNew whether there was no such namespace, or no traffic in it, until now
 * @param silence how long it had no traffic, where that was seen
 * @param rings whether it is told of by itself
 * @param countReceived what is counted of the resets that a namespace receives, by the inode of its `net/stat`
 */
export function newMember(
  proc: string,
  name: string,
  {
    isNew,
    silence,
    rings,
  }: { readonly isNew: boolean; readonly silence?: Silence | undefined; readonly rings: boolean },
  usual: UsualFollower,
  updateEvery: number,
  log: Log,
  countReceived?: (statInode: number) => Counted | undefined,
): Member {
  const rising = continuous<LinuxCounter>()
  let namespace: Namespace | undefined
  let inode: number | undefined
  let foreign: Source<LinuxCounter> | undefined
  let identity: string | undefined
  /** Of the last namespace that had one. */
  let kernelIdentity: string | undefined
  let anew = false
  let last: Counters = {}
  let taken: Counters = {}

  const source: Source<LinuxCounter> = {
    name: 'proc',
    read() {
      const read = foreign?.read().counters ?? {}
      const counters = rising(read, anew)
      anew = false
      if (Object.keys(counters).length > 0) last = counters
      return { counters }
    },
    close() {},
  }
  const of = { suffix: suffixOf(name), labels: { namespace: name } }
  const collector = namespaceCollector(
    source,
    updateEvery,
    log,
    usual,
    of,
    recordBursts(name, log, () => namespace?.inode, silence),
    () => (inode === undefined ? undefined : countReceived?.(inode)),
    isNew,
  )
  const alone = rings ? raisedCollector(updateEvery, { suffix: of.suffix, namespace: name }) : undefined
  let judged: JudgedNamespace | undefined

  return {
    name,
    get namespace() {
      return namespace
    },
    get statInode() {
      return inode
    },
    get identity() {
      return identity
    },
    follow(next, owner) {
      namespace = next
      foreign = foreignSource(proc, next)
      inode = next.processes[0] && statInode(proc, next.processes[0].pid)
      identity = owner.identity
      collector.relabel(labelsOf(name, owner))
      if (next.identity === undefined) return
      anew = kernelIdentity !== undefined && kernelIdentity !== next.identity
      kernelIdentity = next.identity
    },
    leave() {
      namespace = undefined
      foreign = undefined
      inode = undefined
    },
    collect(now) {
      const text = collector.collect(now)
      const { sent, received } = collector.judged
      const both = { name, sent, received }
      if (alone !== undefined) return text + alone.collect([both], now)
      judged = both
      return text
    },
    get judged() {
      return judged
    },
    read: source.read,
    takeRise() {
      const since = rise(taken, last)
      taken = last
      return since
    },
    retire: () => collector.retire() + (alone?.retire() ?? ''),
  }
}

/** What its charts' ids end in, which is also what it is remembered by. */
export const suffixOf = (name: string): string => `_${name}`

/** Those of Kubernetes have the names that Netdata's own collector of cgroups gives them. */
function labelsOf(name: string, owner: Owner): ChartNamespace['labels'] {
  const { runtime, containerId, podNamespace, podName, containerName } = owner
  return {
    namespace: name,
    runtime,
    ...(containerId !== undefined && { container_id: containerId }),
    ...(podNamespace !== undefined && { k8s_namespace: podNamespace }),
    ...(podName !== undefined && { k8s_pod_name: podName }),
    ...(containerName !== undefined && { k8s_container_name: containerName }),
  }
}
