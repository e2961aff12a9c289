import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { attempt } from '../attempt'
import { findIn, isProcfs, keptFile, readOnce } from '../sources/kept-file'

/** Some 600 sockets. Whole namespaces of services have fewer, and 20,000 would take half a second. */
const NETLINK_BYTES = 64 * 1024
const IF_THERE = { throwIfNoEntry: false } as const

/**
 * The inode of a process's `net/snmp`: equal within a network namespace, different between two of them, and unlike
 * `ns/net` anybody may look at it.
 *
 * @param pid a process id, or '' for this process
 * @returns undefined where there is no such process, or it has ended, or is hidden
 */
export function netInode(proc: string, pid: number | ''): number | undefined {
  return attempt(() => statSync(`${proc}/${pid}/net/snmp`, IF_THERE)?.ino)
}

/**
 * The inode of a process's `net/stat`: of it the kernel's own number of that folder, which its trace can tell.
 *
 * @param pid a process id, or '' for this process
 * @returns undefined where there is no such process
 */
export function statInode(proc: string, pid: number | ''): number | undefined {
  return attempt(() => statSync(`${proc}/${pid}/net/stat`, IF_THERE)?.ino)
}

/**
 * What tells a process's network namespace from a later one with the same inode: the kernel's own rtnetlink socket
 * (`Eth` and `Pid` 0) in its `net/netlink`, whose number is given out only once.
 *
 * @returns undefined where the process has ended, or there is no such line, or too many are before it
 */
export function netIdentity(proc: string, pid: number | 'self'): string | undefined {
  return attempt(() => findIn(`${proc}/${pid}/net/netlink`, /^\S+ +0 +0 .* (\d+) *\n/m, NETLINK_BYTES)?.[1])
}

/** The processes of the machine, those of all PID namespaces: procfs counts them as links of its root. */
export function processCount(proc: string): number {
  return statSync(proc).nlink
}

/**
 * When a process was started, in seconds since the machine was: field 22 of `/proc/<pid>/stat` (proc(5)), where
 * Linux counts in hundredths for every architecture.
 */
export function startOf(proc: string, pid: number): number | undefined {
  const started = statField(proc, pid, 22)
  return started === undefined ? undefined : started / 100
}

/** The flag of kernel threads (kernel: include/linux/sched.h) in field 9 of `/proc/<pid>/stat`. */
const PF_KTHREAD = 0x200000

export function isKernelThread(proc: string, pid: number): boolean {
  return ((statField(proc, pid, 9) ?? 0) & PF_KTHREAD) !== 0
}

/** @param field as proc(5) counts them, from 3 on */
function statField(proc: string, pid: number, field: number): number | undefined {
  try {
    const text = readOnce(`${proc}/${pid}/stat`)
    // The second field is a command that can hold anything, brackets and spaces, too.
    const value = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[field - 3])
    return Number.isFinite(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Seconds since the machine was started.
 *
 * @throws where `/proc/uptime` does not tell
 */
export function uptime(proc: string): number {
  const path = `${proc}/uptime`
  const seconds = Number.parseFloat(readOnce(path))
  if (!Number.isFinite(seconds)) throw new Error(`${path}: expected seconds`)
  return seconds
}

/** The ids of all processes that can be seen. The folder itself belongs to no network namespace. */
export function listPids(proc: string): number[] {
  const pids: number[] = []
  for (const name of readdirSync(proc)) {
    const pid = Number(name)
    if (pid > 0) pids.push(pid)
  }
  return pids
}

/**
 * The process id that was given out last: the last field of `/proc/loadavg` (proc(5)). The kernel gives them out in
 * rising order, so all that is new since has an id between the last answer and this one.
 *
 * @returns undefined where that number is not about this /proc: it is of the reader's own PID namespace, and some
 * containers have a made-up file in its place
 */
export function newestPid(proc: string): (() => number | undefined) | undefined {
  const loadavg = keptFile(`${proc}/loadavg`)
  const self = attempt(() => readlinkSync(`${proc}/self`))
  if (self !== String(process.pid) || !isProcfs(loadavg.path)) return undefined
  return () =>
    attempt(() => {
      const pid = Number(loadavg.read().trimEnd().split(' ').at(-1))
      return pid > 0 ? pid : undefined
    })
}
