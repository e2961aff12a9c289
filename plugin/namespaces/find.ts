import {
  isKernelThread,
  netIdentity,
  netInode,
  newestPid,
  processCount,
  processWalk,
  startOf,
} from './processes'

/** So many processes of a namespace are remembered. When they have all ended, a walk finds the others. */
const REMEMBERED = 8
/** Ids that are looked at in one go; after a storm of more than that the walk finds those that are left. */
const MAX_NEW = 4000
/** How often a new process is looked at: a container's first process often leaves the host's namespace a little later. */
const LOOKS = 4
/** Seconds that a walk over all processes may take: what it finds is found within 10 s. */
const WALK_SECONDS = 8
/** Processes that a walk looks at in a second at most. With more than 4,000 of them it takes longer than the above. */
const WALK_PACE = 500
/** The same while not all processes were seen once, or some are known to be missed; and at most where new ones can't be told. */
const HASTY_WALK_PACE = 4000

export interface Process {
  readonly pid: number
  /** Seconds since the machine was started. */
  readonly started: number
}

/** A network namespace that is not the plugin's own, with a few of the processes in it, the oldest first. */
export interface Namespace {
  /** Of its `net/snmp`. A later namespace can get the same one. */
  readonly inode: number
  /** What a later one does not get; undefined where the kernel does not tell. */
  readonly identity: string | undefined
  /** Empty once all of them have ended, and then it is no longer among those found. */
  readonly processes: Process[]
  /** When the first process that was seen of it began: seconds since the machine was started. */
  readonly since: number
}

export interface NamespaceFinder {
  /** By inode. */
  readonly found: ReadonlyMap<number, Namespace>
  /** Whether every process that can be seen was looked at once. */
  readonly complete: boolean
  /** What keeps it from seeing all, for a person; undefined when nothing does. */
  readonly fault: string | undefined
  /** Looks at the processes that are new. Each step looks at one, so that it can be put aside at any time. */
  lookAtNew(): Generator<undefined>
  /**
   * Goes on with the walk over all processes, in steps as well.
   *
   * @param seconds since it did so before
   */
  walkOn(seconds: number): Generator<undefined>
  /** Drops a namespace whose processes have all ended. */
  forget(namespace: Namespace): void
  /** Whether a process of it still runs. */
  alive(namespace: Namespace): boolean
}

/**
 * Finds the network namespaces of all processes. One without a process can't be seen from /proc.
 *
 * Every process has to be looked at once. From then on it is the new ones, by the rising process ids, and the rest
 * in a slow walk, for what nobody tells of: an old process that moved to another namespace.
 *
 * @param proc where procfs is mounted
 */
export function namespaceFinder(proc: string): NamespaceFinder {
  const found = new Map<number, Namespace>()
  const walk = processWalk(proc)
  const newest = newestPid(proc)
  /** The newest process at the last search, and those that were new at the last few searches and still run. */
  let mark: number | undefined
  let young: { readonly pid: number; looks: number }[] = []
  /** Namespaces with more processes than are remembered, or just as many. */
  const crowded = new WeakSet<Namespace>()
  let own = netInode(proc, '')
  /** Processes that the walk should have looked at by now, and has not. */
  let due = 0
  let complete = false
  /** The walks that are still to be made in haste. */
  let hasty = 1
  /** Those that the last hasty walk met: they never leave for another namespace. */
  const kernelThreads = new Set<number>()
  let fault: string | undefined

  const alive = (namespace: Namespace): boolean => {
    for (;;) {
      const first = namespace.processes[0]
      if (first === undefined) return false
      if (netInode(proc, first.pid) === namespace.inode) return true
      namespace.processes.shift()
    }
  }

  /** Whether a process is in a later namespace that got the inode of this one. */
  const isAnother = (namespace: Namespace, pid: number): boolean => {
    if (namespace.identity === undefined || alive(namespace)) return false
    const identity = netIdentity(proc, pid)
    return identity !== undefined && identity !== namespace.identity
  }

  /** @returns whether there is such a process */
  const look = (pid: number): boolean => {
    const inode = netInode(proc, pid)
    if (inode === undefined) return false
    if (inode === own) return true
    const namespace = found.get(inode)
    if (namespace !== undefined && namespace.processes.length >= REMEMBERED) {
      crowded.add(namespace)
      return true
    }
    if (namespace?.processes.some(process => process.pid === pid)) return true
    const started = startOf(proc, pid)
    if (started === undefined) return false
    if (namespace === undefined || isAnother(namespace, pid)) {
      const identity = netIdentity(proc, pid)
      found.set(inode, { inode, identity, processes: [{ pid, started }], since: started })
      return true
    }
    const at = namespace.processes.findIndex(process => process.started > started)
    namespace.processes.splice(at < 0 ? namespace.processes.length : at, 0, { pid, started })
    return true
  }

  function* lookAtNew(): Generator<undefined> {
    const now = newest?.()
    if (now === undefined) return
    // The ids have started over from the lowest.
    if (mark !== undefined && now < mark) hurry()
    const from = Math.max(mark ?? now, now - MAX_NEW)
    mark = now
    const again = young
    young = []
    for (const { pid, looks } of again) {
      if (look(pid) && looks < LOOKS) young.push({ pid, looks: looks + 1 })
      yield
    }
    for (let pid = from + 1; pid <= now; pid++) {
      kernelThreads.delete(pid)
      if (look(pid)) young.push({ pid, looks: 2 })
      yield
    }
  }

  /** Has all processes looked at soon, also those that a hasty walk which is under way has passed. */
  const hurry = (): void => {
    if (hasty === 0) walk.close()
    hasty = hasty === 0 ? 1 : 2
    kernelThreads.clear()
  }

  const endWalk = (): void => {
    hasty = Math.max(0, hasty - 1)
    complete = true
    own = netInode(proc, '')
    // Process 1 is there in every PID namespace.
    const hidden = netInode(proc, 1) === undefined
    fault = hidden
      ? `${proc} hides the processes of others (hidepid), so their network namespaces can't be seen`
      : undefined
  }

  function* walkOn(seconds: number): Generator<undefined> {
    const most = newest === undefined ? HASTY_WALK_PACE : WALK_PACE
    const pace = hasty > 0 ? HASTY_WALK_PACE : Math.min(processCount(proc) / WALK_SECONDS, most)
    due = Math.min(due, 1) + pace * Math.min(seconds, WALK_SECONDS)
    for (; due >= 1; due--) {
      const pid = walk.next()
      if (pid === undefined) return endWalk()
      if (!kernelThreads.has(pid)) look(pid)
      // Only where new ones are told can none of them have the id of one of these.
      if (hasty > 0 && newest !== undefined && isKernelThread(proc, pid)) kernelThreads.add(pid)
      yield
    }
  }

  return {
    found,
    get complete() {
      return complete
    },
    get fault() {
      return fault
    },
    lookAtNew,
    walkOn,
    forget(namespace) {
      if (found.get(namespace.inode) === namespace) found.delete(namespace.inode)
      if (crowded.has(namespace)) hurry()
    },
    alive,
  }
}
