import { accessSync, closeSync, constants, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from '../attempt'
import { readWhole } from '../sources/read-whole'
import type { Direction, ResetEvent } from './event'
import { type Hist, parseHist } from './hist'
import { type CpuStats, parseStats } from './stats'
import { toldIn } from './told'

/** The kernel hands out a page or two at a time, always whole lines. */
const PIPE_BYTES = 16 * 1024
const STATS_BYTES = 1024
/** More than the largest buffer that the grant makes holds: what still comes then is new. */
const MAX_OLD_READS = 5000

/** What one look into the buffer brought. */
export interface Drained {
  readonly events: readonly ResetEvent[]
  /** Events that were taken out of the buffer and could not be understood. */
  readonly unreadable: number
  /** Whether there was more than the limit. */
  readonly more: boolean
}

/** The kernel's trace of the resets of one direction, in a buffer that is this plugin's alone. */
export interface TraceInstance {
  readonly direction: Direction
  /** Whether it is every reset, each with its network namespace. */
  readonly isWhole: boolean
  /** Whether the kernel names a reason with this event. */
  readonly hasReasons: boolean
  /** Why there are no details, only counts; absent when there are. */
  readonly blind?: string
  /**
   * Takes events out of the buffer, oldest first, until it is empty or about `limit` were taken. One read, of a few
   * microseconds, where it is empty.
   */
  drain(limit: number): Drained
  /**
   * Events since the last call (or since opening). Those that wait in the buffer count when they leave it, so that what
   * drain() gave is never more than this; where there are no details they count at once.
   *
   * @throws the system's error
   */
  count(): number
  /**
   * What the kernel has counted of each namespace since the grant; absent where it counts none.
   *
   * @throws the system's error
   */
  countByNamespace?(): Hist
  /** Whether the files that were opened are still the ones at this place, and still readable. */
  isStillThere(): boolean
  /** Whether what they tell is still switched on. */
  isStillOn(): boolean
  close(): void
}

/**
 * Opens the trace instance of one direction (kernel: Documentation/trace/ftrace.rst, "Instances").
 *
 * @param folder the instance: `trace_pipe`, `per_cpu/`, `events/`
 * @throws the system's error where the grant is missing or not whole
 */
export function openInstance(direction: Direction, folder: string): TraceInstance {
  const told = toldIn(direction, folder)

  const open = new Set<number>()
  const openFile = (path: string): number => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    open.add(fd)
    return fd
  }
  const close = (): void => {
    for (const fd of open) closeSync(fd)
    open.clear()
  }

  const pipePath = join(folder, 'trace_pipe')
  let pipe: number | undefined
  let blind: string | undefined
  let identity: string
  let stats: { readonly path: string; readonly fd: number; before: CpuStats }[]
  let byNamespace: (() => Hist) | undefined
  const buffer = Buffer.allocUnsafeSlow(PIPE_BYTES)
  let rest = ''
  try {
    identity = identityOf(pipePath)
    try {
      pipe = openFile(pipePath)
      // What waited there happened before anybody asked: it is not part of what is counted from now on.
      for (let reads = 0; reads < MAX_OLD_READS && readSome(pipe, buffer) > 0; reads++);
    } catch (error) {
      // One reader at a time: another has it.
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
      blind = `${pipePath}: another program is reading it`
    }
    stats = readdirSync(join(folder, 'per_cpu')).map(cpu => {
      const path = join(folder, 'per_cpu', cpu, 'stats')
      const fd = openFile(path)
      return { path, fd, before: readStats(fd, path) }
    })
    const { hist } = told
    if (hist !== undefined) {
      const fd = openFile(hist)
      byNamespace = () => parseHist(readWhole(fd, hist)) ?? noHist(hist)
    }
  } catch (error) {
    close()
    throw error
  }

  return {
    direction,
    isWhole: told.isWhole,
    hasReasons: told.hasReasons,
    ...(byNamespace !== undefined && { countByNamespace: byNamespace }),
    ...(blind !== undefined && { blind }),
    drain(limit) {
      const events: ResetEvent[] = []
      let unreadable = 0
      while (pipe !== undefined && events.length + unreadable < limit) {
        const size = readSome(pipe, buffer)
        if (size === 0) return { events, unreadable, more: false }
        const lines = (rest + buffer.toString('latin1', 0, size)).split('\n')
        rest = lines.pop()?.slice(-PIPE_BYTES) ?? ''
        for (const line of lines) {
          const parsed = told.parse(line)
          if (parsed !== undefined) events.push(parsed)
          else if (told.isEvent(line)) unreadable++
        }
      }
      return { events, unreadable, more: pipe !== undefined }
    },
    count() {
      let events = 0n
      for (const cpu of stats) {
        const { before } = cpu
        const now = readStats(cpu.fd, cpu.path)
        cpu.before = now
        const rise = now.gone - before.gone + (pipe === undefined ? now.waiting - before.waiting : 0n)
        // Somebody emptied the buffer by hand: its numbers began anew.
        events += now.gone < before.gone || rise < 0n ? now.gone : rise
      }
      return Number(events)
    },
    isStillThere() {
      return (
        attempt(() => {
          accessSync(pipePath, constants.R_OK)
          return identityOf(pipePath) === identity
        }) ?? false
      )
    },
    isStillOn: told.isOn,
    close,
  }
}

/** @returns bytes; 0 where there is nothing to read now */
function readSome(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, null)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}

const statsBuffer = Buffer.allocUnsafeSlow(STATS_BYTES)

function readStats(fd: number, path: string): CpuStats {
  const size = readSync(fd, statsBuffer, 0, STATS_BYTES, 0)
  const stats = parseStats(statsBuffer.toString('latin1', 0, size))
  if (stats === undefined) throw new Error(`${path}: expected the statistics of a trace buffer`)
  return stats
}

function noHist(path: string): never {
  throw new Error(`${path}: expected counts of namespaces`)
}

function identityOf(path: string): string {
  const { dev, ino } = statSync(path)
  return `${dev}:${ino}`
}
