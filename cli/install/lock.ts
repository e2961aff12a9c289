import { spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { attempt } from '../../plugin/attempt'
import { messageOf } from '../../plugin/message'
import { readRegular } from './file'
import { missingDirectories, removeEmpty } from './transaction'
import { refuseOthers } from './whose'

/** Held by the one that changes the installation. */
export interface Lock {
  /** Directories that it made, parents first. */
  readonly made: readonly string[]
  /** Once is enough, and twice is no fault. */
  release(): void
}

/**
 * Takes the lock of an installation. It names its holder by process and start time, so one whose holder was killed is
 * taken over, whoever has its process id now.
 *
 * @param state the directory it is in
 * @throws while another one holds it
 */
export function lock(state: string): Lock {
  const path = join(state, 'lock')
  refuseOthers(path)
  const made = missingDirectories([path])
  const mine = `${path}.${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    rmSync(mine, { force: true })
    writeFileSync(mine, `${process.pid} ${startOf(process.pid)}\n`, { flag: 'wx', mode: 0o644 })
    take(path, mine)
    clearAfterKilled(state)
  } catch (thrown) {
    rmSync(mine, { force: true })
    removeEmpty(made)
    throw new Error(`${messageOf(thrown)}. Nothing was changed`)
  }
  rmSync(mine)
  let isHeld = true
  return {
    made,
    release() {
      if (!isHeld) return
      isHeld = false
      rmSync(path, { force: true })
      removeEmpty([...made, state])
    },
  }
}

/** What others left who were killed while they took it. Where no /proc is mounted, as in a chroot, nobody seems to live. */
function clearAfterKilled(state: string): void {
  for (const name of readdirSync(state)) {
    const pid = /^lock\.(\d+)(\.stale)?$/.exec(name)?.[1]
    const isOthers = pid !== undefined && Number(pid) !== process.pid
    if (isOthers && startOf(Number(pid)) === undefined) rmSync(join(state, name), { force: true })
  }
}

/** A second name, like O_EXCL, is only given where there is none; and what is in the file is there from the first. */
function take(path: string, mine: string): void {
  if (linked(mine, path)) return
  const holder = readRegular(path, process.geteuid?.()).toString()
  const [, pid, start] = /^(\d+) (.+)\n$/.exec(holder) ?? []
  if (pid !== undefined && startOf(Number(pid)) === start)
    throw new Error(`another tcp-resets is running (process ${pid}): wait until it has ended`)
  // Two may see that it is stale: what was moved away has to be what was read.
  const stale = `${mine}.stale`
  renameSync(path, stale)
  const moved = readFileSync(stale, 'utf8')
  if (moved !== holder) linked(stale, path)
  rmSync(stale)
  if (moved !== holder || !linked(mine, path))
    throw new Error('another tcp-resets has just started: wait until it has ended')
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw thrown
  }
}

/** When a process was started, as its system says it; undefined where there is none. */
function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', `${pid}`], {
      encoding: 'utf8',
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
    })
    return stdout?.trim() || undefined
  }
  // The name in parentheses may hold anything; the start time is the 20th after it: proc(5).
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return text?.replace(/^.*\) /s, '').split(' ')[19]
}
