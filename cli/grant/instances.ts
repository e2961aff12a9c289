import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** For each direction, in all: room for some 40,000 resets between two looks of the plugin. */
const BUFFER_KB = 4096
const LEAST_KB = 32
const MOST_KB = 1024
/** The plugin lets go of what it reads within 10 s after the folder is gone. */
const PATIENCE_MS = 20_000
const POLL_MS = 200

/** Makes a trace instance, where it is not there yet. */
export function makeInstance(path: string): void {
  if (!existsSync(path)) mkdirSync(path)
  const cpus = cpusOf(path).length
  const kb = Math.min(MOST_KB, Math.max(LEAST_KB, Math.floor(BUFFER_KB / cpus)))
  writeFileSync(join(path, 'buffer_size_kb'), `${kb}\n`)
}

/**
 * Lets a group read an instance: its events, their statistics, and these files in the folders of some of its events.
 *
 * Older kernels make files readable by all, so it is the folder that keeps others out. Before eventfs (6.6) the folders of
 * events are root's alone as well.
 *
 * @param files in the instance, such as `events/tcp/tcp_send_reset/format`
 */
export function permit(path: string, group: number, files: readonly string[]): void {
  const cpus = cpusOf(path).map(cpu => join(path, 'per_cpu', cpu))
  const folders = new Set([path, join(path, 'per_cpu'), ...cpus])
  for (const file of files) {
    const parts = file.split('/').slice(0, -1)
    parts.forEach((_, n) => {
      folders.add(join(path, ...parts.slice(0, n + 1)))
    })
  }
  const readable = ['trace_pipe', ...files].map(file => join(path, file))
  for (const folder of folders) give(folder, 0o750, group)
  for (const file of [...readable, ...cpus.map(cpu => join(cpu, 'stats'))]) give(file, 0o440, group)
}

function give(path: string, mode: number, group: number): void {
  chownSync(path, 0, group)
  chmodSync(path, mode)
}

/**
 * Removes instances that are no longer shown; what is in them stops at once.
 *
 * @throws where one is still read by somebody after a while
 */
export async function removeInstances(paths: readonly string[]): Promise<void> {
  const there = paths.filter(path => existsSync(path))
  for (const path of there) writeFileSync(join(path, 'events', 'enable'), '0')
  const end = Date.now() + PATIENCE_MS
  for (const path of there) {
    while (!removed(path)) {
      if (Date.now() > end)
        throw new Error(`${path} is still being read by another program; run this again when it is not`)
      await sleep(POLL_MS)
    }
  }
}

function removed(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EBUSY') return false
    throw thrown
  }
}

function cpusOf(path: string): string[] {
  return readdirSync(join(path, 'per_cpu'))
}
