import {
  isKernelThread,
  listPids,
  netIdentity,
  netInode,
  newestPid,
  processCount,
  startOf,
} from './processes'

/** So many processes of a namespace are remembered. When they have all ended, the others are looked for. */
const REMEMBERED = 8
/**
 * New ids are asked for one by one, unless they are more than one in so many of the processes: then a list costs less. It takes
 * 0.4 µs for each process, and an id whose process has ended takes 11. With 10 programs a second that is 140 µs a second.
 */
const LIST_FROM = 30
/** The kernel gives out an id a moment before its process can be seen. So many at most are that new. */
const BEING_MADE = 8

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
  /** Empty once all of them have ended. */
  readonly processes: Process[]
  /** When the oldest process that was seen of it began: seconds since the machine was started. */
  since: number
}

/**
 * Finds the network namespaces of all processes. All work is done in steps, each of which looks at one process, so that
 * it can be put aside at any time.
 */
export interface NamespaceFinder {
  /** By inode. */
  readonly found: ReadonlyMap<number, Namespace>
  /** Whether it has looked at all processes once. */
  readonly isComplete: boolean
  /** What keeps it from seeing all, for a person; undefined when nothing does. */
  readonly fault: string | undefined
  /**
   * Looks at all processes the first time, then at the new ones, and sometimes at all of them again.
   *
   * @param seconds since it did so before
   */
  search(seconds: number): Generator<undefined>
  /** Whether some were new at the last search. */
  readonly hasNew: boolean
  /**
   * Looks once more at those that were new at the last search: a container's first process often leaves the host's
   * namespace a little later.
   */
  lookAgain(): Generator<undefined>
  /** Looks for processes of namespaces whose remembered ones have all ended. */
  seek(lost: readonly Namespace[]): Generator<undefined>
  /** Drops a namespace whose processes have all ended. */
  forget(namespace: Namespace): void
  /** Whether a process of it still runs. */
  alive(namespace: Namespace): boolean
}

/**
 * One without a process can't be seen from /proc. Every process has to be looked at once. From then on it is the new
 * ones, and all of them again for what nobody tells of: an old process that moved to another namespace.
 *
 * @param proc where procfs is mounted
 * @param walkIsDue whether to look at all of them again, so many seconds after it was asked before
 */
export function namespaceFinder(
  proc: string,
  walkIsDue: (seconds: number) => boolean = () => false,
): NamespaceFinder {
  const found = new Map<number, Namespace>()
  const newest = newestPid(proc)
  const newPids = newPidsFollower(proc, newest)
  /** They never leave for another namespace. */
  const kernelThreads = new Set<number>()
  let young: number[] = []
  let complete = false
  let ownInode = netInode(proc, '')
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
    if (alive(namespace)) return false
    // Also where that one's is not known: its only process may have ended before it could be asked.
    const identity = netIdentity(proc, pid)
    return identity !== undefined && identity !== namespace.identity
  }

  /** @returns whether there is such a process */
  const lookAt = (pid: number): boolean => {
    const inode = netInode(proc, pid)
    if (inode === undefined) return false
    if (inode === ownInode) return true
    const namespace = found.get(inode)
    if (namespace?.processes.some(process => process.pid === pid)) return true
    // Those that come later are younger, or have moved there.
    if (complete && namespace !== undefined && namespace.processes.length >= REMEMBERED) return true
    const started = startOf(proc, pid)
    if (started === undefined) return false
    if (namespace === undefined || isAnother(namespace, pid)) {
      const identity = netIdentity(proc, pid)
      found.set(inode, { inode, identity, processes: [{ pid, started }], since: started })
    } else remember(namespace, { pid, started })
    return true
  }

  function* lookAtAll(): Generator<undefined> {
    for (const pid of listPids(proc)) {
      if (kernelThreads.has(pid) || !lookAt(pid)) continue
      // Only where ids tell the new ones can none of them have the id of one of these.
      if (!complete && newest !== undefined && isKernelThread(proc, pid)) kernelThreads.add(pid)
      yield
    }
    complete = true
    ownInode = netInode(proc, '')
    // Process 1 is there in every PID namespace.
    const hidden = netInode(proc, 1) === undefined
    fault = hidden
      ? `${proc} hides the processes of others (hidepid), so their network namespaces can't be seen`
      : undefined
  }

  function* lookAtNew(): Generator<undefined> {
    const { there, latest } = newPids()
    young.push(...latest)
    for (const pid of there) {
      if (lookAt(pid)) young.push(pid)
      yield
    }
  }

  function* lookAgain(): Generator<undefined> {
    const again = young
    young = []
    for (const pid of again) {
      kernelThreads.delete(pid)
      lookAt(pid)
      yield
    }
  }

  return {
    found,
    get isComplete() {
      return complete
    },
    get fault() {
      return fault
    },
    get hasNew() {
      return young.length > 0
    },
    lookAgain,
    *search(seconds) {
      yield* lookAgain()
      // Also the first time: from here on it is known which are new.
      yield* lookAtNew()
      if (walkIsDue(seconds) || !complete) yield* lookAtAll()
    },
    *seek(lost) {
      yield* lookAtNew()
      if (lost.some(namespace => namespace.processes.length === 0)) yield* lookAtAll()
    },
    forget(namespace) {
      if (found.get(namespace.inode) === namespace) found.delete(namespace.inode)
    },
    alive,
  }
}

function remember(namespace: Namespace, process: Process): void {
  const { processes } = namespace
  const at = processes.findIndex(({ started }) => started > process.started)
  processes.splice(at < 0 ? processes.length : at, 0, process)
  if (processes.length > REMEMBERED) processes.pop()
  namespace.since = Math.min(namespace.since, process.started)
}

interface NewPids {
  /** Also ids whose process has ended again. */
  readonly there: readonly number[]
  /** Of the latest, whose process may not be there yet. */
  readonly latest: readonly number[]
}

/** @returns gives the ids of processes that are new since it was asked before, none the first time */
function newPidsFollower(proc: string, newest: ReturnType<typeof newestPid>): () => NewPids {
  let mark = newest?.()
  let before: ReadonlySet<number> | undefined

  const unlisted = (): number[] => {
    const pids = listPids(proc)
    const known = before ?? new Set(pids)
    before = new Set(pids)
    return pids.filter(pid => !known.has(pid))
  }

  return () => {
    const now = newest?.()
    // One that is not there yet is new in the next list.
    if (now === undefined || mark === undefined) return { there: unlisted(), latest: [] }
    const from = mark
    mark = now
    if (now === from) return { there: [], latest: [] }
    const count = now - from
    // After the highest id the kernel goes on with the lowest that is free.
    const latest = idsUpTo(now, Math.min(BEING_MADE, count > 0 ? count : now))
    if (count > 0 && count * LIST_FROM <= processCount(proc)) return { there: idsUpTo(now, count), latest }
    const isNew = (pid: number): boolean => (count > 0 ? pid > from : pid > from || pid <= now)
    return { there: listPids(proc).filter(isNew), latest }
  }
}

function idsUpTo(last: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => last - count + 1 + at)
}
