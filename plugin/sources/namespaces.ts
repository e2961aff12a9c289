import { netInode, newestPid, processWalk, startOf, uptime } from './processes'

/** So many processes of a namespace are remembered. When they have all ended, a walk finds the others. */
const REMEMBERED = 8
/** Ids that are looked at in one go; after a storm of more than that the walk finds those that are left. */
const MAX_NEW = 4000
/** How often a new process is looked at: a container's first process often leaves the host's namespace a little later. */
const LOOKS = 4
/** Milliseconds from the start of a walk over all processes to the next: what it finds is found within 10 s. */
const WALK_EVERY = 8000
/** Milliseconds of each second that a walk may work. With thousands of processes it takes longer than the above. */
const WALK_WORK = 5
/** The same while not all processes were seen once, or some are known to be missed, or new ones can't be told. */
const HASTY_WALK_WORK = 60

export interface Process {
  readonly pid: number
  /** Seconds since the machine was started. */
  readonly started: number
}

/** A network namespace that is not the plugin's own, with a few of the processes in it, the oldest first. */
export interface Namespace {
  /** Of its `net/snmp`. A later namespace can get the same one. */
  readonly inode: number
  /** Empty once all of them have ended, and then it is no longer among those found. */
  readonly processes: Process[]
  /** Seconds since the machine was started: when it was first seen, or its oldest process began. */
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
 * @param milliseconds a monotonic clock
 */
export function namespaceFinder(proc: string, milliseconds: () => number): NamespaceFinder {
  const found = new Map<number, Namespace>()
  const walk = processWalk(proc)
  const newest = newestPid(proc)
  /** The newest process at each of the last searches. */
  const marks: number[] = []
  /** Namespaces with more processes than are remembered, or just as many. */
  const crowded = new WeakSet<Namespace>()
  let own = netInode(proc, '')
  let walkStarted = milliseconds()
  let walking = true
  let complete = false
  let hasty = true
  let fault: string | undefined

  const look = (pid: number): void => {
    const inode = netInode(proc, pid)
    if (inode === undefined || inode === own) return
    const namespace = found.get(inode)
    if (namespace !== undefined && namespace.processes.length >= REMEMBERED) {
      crowded.add(namespace)
      return
    }
    if (namespace?.processes.some(process => process.pid === pid)) return
    const started = startOf(proc, pid)
    if (started === undefined) return
    if (namespace === undefined) {
      const since = Math.min(started, uptime(proc))
      found.set(inode, { inode, processes: [{ pid, started }], since })
      return
    }
    const at = namespace.processes.findIndex(process => process.started > started)
    namespace.processes.splice(at < 0 ? namespace.processes.length : at, 0, { pid, started })
  }

  function* lookAtNew(): Generator<undefined> {
    const now = newest?.()
    if (now === undefined) return
    const last = marks.at(-1)
    if (last !== undefined && now < last) {
      // The ids have started over from the lowest.
      marks.length = 0
      hurry()
    }
    const from = Math.max(marks[0] ?? now, now - MAX_NEW)
    marks.push(now)
    if (marks.length > LOOKS) marks.shift()
    for (let pid = from + 1; pid <= now; pid++) {
      look(pid)
      yield
    }
  }

  const hurry = (): void => {
    walk.close()
    walking = true
    hasty = true
  }

  const endWalk = (): void => {
    walking = false
    hasty = newest === undefined
    complete = true
    own = netInode(proc, '')
    // Process 1 is there in every PID namespace.
    const hidden = netInode(proc, 1) === undefined
    fault = hidden
      ? `${proc} hides the processes of others (hidepid), so their network namespaces can't be seen`
      : undefined
  }

  function* walkOn(seconds: number): Generator<undefined> {
    if (!walking) {
      if (milliseconds() - walkStarted < WALK_EVERY) return
      walking = true
      walkStarted = milliseconds()
    }
    const work = (hasty ? HASTY_WALK_WORK : WALK_WORK) * Math.min(seconds, 10)
    let worked = 0
    while (worked < work) {
      const start = milliseconds()
      const pid = walk.next()
      if (pid === undefined) return endWalk()
      look(pid)
      worked += milliseconds() - start
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
    alive(namespace) {
      for (;;) {
        const first = namespace.processes[0]
        if (first === undefined) return false
        if (netInode(proc, first.pid) === namespace.inode) return true
        namespace.processes.shift()
      }
    },
  }
}
