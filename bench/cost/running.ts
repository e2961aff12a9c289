import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure } from '../cost'
import { median } from '../median'
import { type Measured, startNode, startPlugin, stop } from './processes'

const EACH = 3
const SETTLE_S = 5
const TICKS = 20
const RESIDENT_MB = 4

const MB = 1e6

/** What a process has used of the machine at a moment. */
interface Use {
  /** Nanoseconds of CPU since it started, all its threads. */
  readonly cpu: number
  /** Bytes. */
  readonly resident: number
  /** Bytes, each page shared out among the processes that have it. */
  readonly proportional: number
  /** Bytes that no other process has, and that are in no file. */
  readonly privateDirty: number
}

/**
 * Processes as they run all day, one tick a second: several of the plugin, of a Node that does nothing and of one that
 * only reads the files, side by side, looked at when they are of the same age.
 */
export async function measureRunning(): Promise<readonly Figure[]> {
  const loop = (name: string) => () => startNode(join(__dirname, `${name}.cjs`))
  const starts = { plugin: startPlugin, idle: loop('idle-loop'), pread: loop('pread-loop') }
  const running: Record<keyof typeof starts, Measured[]> = { plugin: [], idle: [], pread: [] }
  const names = ['plugin', 'idle', 'pread'] as const
  try {
    for (let number = 0; number < EACH; number++) {
      for (const name of names) running[name].push(starts[name]())
    }
    const look = (name: keyof typeof starts): Use[] => running[name].map(({ child }) => useOf(child.pid))
    await sleep(SETTLE_S * 1000)
    const before = { plugin: look('plugin'), idle: look('idle'), pread: look('pread') }
    await sleep(TICKS * 1000)
    const after = { plugin: look('plugin'), idle: look('idle'), pread: look('pread') }

    const cpuOfTick = (name: keyof typeof starts): number =>
      median(after[name].map((use, at) => (use.cpu - (before[name][at]?.cpu ?? Number.NaN)) / TICKS)) / 1000
    const memory = (what: string, part: Exclude<keyof Use, 'cpu'>, goal?: number): Figure => {
      const [plugin, idle] = [after.plugin, after.idle].map(uses => median(uses.map(use => use[part])) / MB)
      const more = (plugin ?? Number.NaN) - (idle ?? Number.NaN)
      return {
        what,
        plugin: `${plugin?.toFixed(1)} MB`,
        peer: `${idle?.toFixed(1)} MB (Node with one timer)`,
        distance: `${more < 0 ? '' : '+'}${more.toFixed(1)} MB`,
        ...(goal === undefined ? {} : { goal: { text: `at most +${goal} MB`, met: more <= goal } }),
      }
    }
    return [
      {
        what: 'CPU of a second, one tick in it',
        plugin: `${cpuOfTick('plugin').toFixed(0)} µs`,
        peer: `${cpuOfTick('pread').toFixed(0)} µs (Node that preads; one that does nothing: ${cpuOfTick('idle').toFixed(0)} µs)`,
        distance: `${(cpuOfTick('plugin') / cpuOfTick('pread')).toFixed(2)} ×`,
      },
      memory('Resident memory', 'resident', RESIDENT_MB),
      memory('Proportional memory', 'proportional'),
      memory('Private dirty memory', 'privateDirty'),
    ]
  } finally {
    await Promise.all(Object.values(running).flat().map(stop))
  }
}

function useOf(pid: number | undefined): Use {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(rollup)?.[1]) * 1024
  return {
    cpu: cpuOf(pid),
    resident: bytes('Rss'),
    proportional: bytes('Pss'),
    privateDirty: bytes('Private_Dirty'),
  }
}

/** From the scheduler's own count, which is exact where /proc/PID/stat counts in hundredths of a second. */
function cpuOf(pid: number | undefined): number {
  const tasks = `/proc/${pid}/task`
  const files = readdirSync(tasks).map(task => join(tasks, task, 'schedstat'))
  if (!files.every(existsSync)) return Number.NaN
  return files.reduce((sum, file) => sum + Number(readFileSync(file, 'latin1').split(' ')[0]), 0)
}
