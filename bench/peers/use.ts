import { readdirSync, readFileSync } from 'node:fs'

// What a process and all its children use of the machine.

/** Counters, from the start of the processes on. */
export interface Use {
  /** Microseconds of CPU, user and system, all threads, also of children that have ended. */
  readonly cpu: number
  /** How often a thread went to sleep and was woken; of children that have ended not any more. */
  readonly wakeups: number
}

/** Bytes. */
export interface Memory {
  readonly resident: number
  /** Each page shared out among the processes that have it. */
  readonly proportional: number
  /** What no other process has, and is in no file. */
  readonly privateDirty: number
}

/** Microseconds: USER_HZ is 100 everywhere. */
const CLOCK_TICK = 10_000

/** A process, its children, and theirs. */
export function familyOf(pid: number): number[] {
  const children = tasksOf(pid).flatMap(task => read(`${task}/children`).split(' ').map(Number))
  return [pid, ...children.filter(child => child > 0).flatMap(familyOf)]
}

export function useOf(pid: number): Use {
  let cpu = 0
  let wakeups = 0
  for (const member of familyOf(pid)) {
    for (const task of tasksOf(member)) {
      // The scheduler's own count, exact where /proc/PID/stat has hundredths of a second.
      cpu += Number(read(`${task}/schedstat`).split(' ')[0]) / 1000
      wakeups += Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(read(`${task}/status`))?.[1] ?? 0)
    }
    // Behind the name, which can have blanks in it: cutime and cstime, of the children that were waited for.
    const fields = read(`/proc/${member}/stat`).split(') ')[1]?.split(' ') ?? []
    cpu += (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * CLOCK_TICK
  }
  return { cpu, wakeups }
}

export function memoryOf(pid: number): Memory {
  const rollups = familyOf(pid).map(member => read(`/proc/${member}/smaps_rollup`))
  const bytes = (name: string): number =>
    rollups.reduce(
      (sum, text) => sum + Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0),
      0,
    ) * 1024
  return { resident: bytes('Rss'), proportional: bytes('Pss'), privateDirty: bytes('Private_Dirty') }
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(task => `/proc/${pid}/task/${task}`)
  } catch {
    return [] // it has ended meanwhile
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // it has ended meanwhile
  }
}
