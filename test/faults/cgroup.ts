import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scene } from './fault'

// Limits as systemd sets them (CPUQuota=, MemoryMax=), by cgroups(7) of either version.

const ROOT = '/sys/fs/cgroup'
const FILES = {
  cpu: { v1: 'cpu.cfs_quota_us', v2: 'cpu.max' },
  memory: { v1: 'memory.limit_in_bytes', v2: 'memory.max' },
} as const
const PERIOD = 100_000

export type Controller = keyof typeof FILES

/** A cgroup with one controller. */
export interface Cgroup {
  /** A shell command that moves the shell itself into it. */
  readonly enter: string
  add(pid: number): void
  /** Takes a process out again. */
  remove(pid: number): void
  /** Of one CPU. */
  limitCpu(share: number): void
  limitMemory(bytes: number): void
  /** The most memory that was in use at once; undefined where the kernel does not keep it. */
  readonly peak: () => number | undefined
  /** How many processes the kernel has killed because there was no memory left for them. */
  readonly killed: () => number
}

/** Why there can't be one here; false where there can. */
export function noCgroup(controller: Controller): string | false {
  if (process.getuid?.() !== 0) return 'needs root to make a cgroup'
  return place(controller) === undefined && `needs cgroups with the controller ${controller}`
}

function place(controller: Controller): { folder: string; version: 'v1' | 'v2' } | undefined {
  if (existsSync(join(ROOT, controller, 'cgroup.procs')))
    return { folder: join(ROOT, controller), version: 'v1' }
  const subtree = join(ROOT, 'cgroup.subtree_control')
  const isOn = existsSync(subtree) && readFileSync(subtree, 'utf8').split(/\s/).includes(controller)
  return isOn ? { folder: ROOT, version: 'v2' } : undefined
}

export function makeCgroup(scene: Scene, controller: Controller): Cgroup {
  const { folder, version } = place(controller) ?? { folder: ROOT, version: 'v2' }
  const group = join(folder, `tcp-resets-${process.pid}-${Math.random().toString(36).slice(2)}`)
  const at = (name: string): string => join(group, name)
  const read = (name: string): string => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '')
  mkdirSync(group)
  scene.teardown(() => rmdirSync(group))
  return {
    enter: `echo $$ >${at('cgroup.procs')}`,
    add: pid => writeFileSync(at('cgroup.procs'), `${pid}`),
    remove: pid => writeFileSync(join(folder, 'cgroup.procs'), `${pid}`),
    limitCpu(share) {
      const quota = Math.round(PERIOD * share)
      writeFileSync(at(FILES.cpu[version]), version === 'v1' ? `${quota}` : `${quota} ${PERIOD}`)
    },
    limitMemory: bytes => writeFileSync(at(FILES.memory[version]), `${bytes}`),
    peak: () => Number(read('memory.max_usage_in_bytes') || read('memory.peak')) || undefined,
    killed: () =>
      Number(/^oom_kill (\d+)$/m.exec(read('memory.oom_control') + read('memory.events'))?.[1] ?? 0),
  }
}
