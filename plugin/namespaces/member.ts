import { continuous, rise } from '../analysis/continuous'
import type { Counters } from '../analysis/counters'
import type { ChartNamespace } from '../charts/resets'
import { namespaceCollector } from '../host/collector'
import type { Log } from '../log'
import type { LinuxCounter } from '../sources/linux'
import type { Source } from '../sources/source'
import type { Owner } from './cgroup'
import type { Namespace } from './find'
import { foreignSource } from './read'

/** What goes by one name: a container with all the network namespaces it has had, one after the other. */
export interface Member {
  readonly name: string
  /** The one it has now; undefined while it is gone. */
  readonly namespace: Namespace | undefined
  /** From now on this is its namespace. */
  follow(namespace: Namespace | undefined): void
  /** Reads its counters, and gives the text of its charts. */
  collect(now: number): string
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
 * @param owner labels of its charts
 */
export function newMember(proc: string, name: string, owner: Owner, updateEvery: number, log: Log): Member {
  const rising = continuous<LinuxCounter>()
  let namespace: Namespace | undefined
  let foreign: Source<LinuxCounter> | undefined
  /** Of the last namespace that had one. */
  let identity: string | undefined
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
  const collector = namespaceCollector(source, updateEvery, log, chartNamespace(name, owner))

  return {
    name,
    get namespace() {
      return namespace
    },
    follow(next) {
      namespace = next
      foreign = next && foreignSource(proc, next)
      if (next?.identity === undefined) return
      anew = identity !== undefined && identity !== next.identity
      identity = next.identity
    },
    collect: collector.collect,
    read: source.read,
    takeRise() {
      const since = rise(taken, last)
      taken = last
      return since
    },
    retire: collector.retire,
  }
}

function chartNamespace(name: string, { runtime, containerId }: Owner): ChartNamespace {
  const labels = { namespace: name, runtime }
  return {
    suffix: `_${name}`,
    labels: containerId === undefined ? labels : { ...labels, container_id: containerId },
  }
}
