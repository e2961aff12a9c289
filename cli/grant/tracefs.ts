import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/** The kernel's tracing, as files. */
export interface Tracefs {
  readonly path: string
  /** Takes it away again where it was mounted only for this. */
  leave(): void
}

/** Elsewhere it may be mounted only for as long as another grant runs. */
const USUAL = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing']
const LOCKDOWN = '/sys/kernel/security/lockdown'

/**
 * Where tracefs is mounted as a whole, not just a part of it. Where it is not, it is mounted at a place that only root can
 * enter, for as long as it is needed: what is mounted with other options elsewhere would change them for all.
 *
 * @param dir where the grant is shown
 * @throws where this kernel has none, or shows nothing of it
 */
export function reachTracefs(dir: string): Tracefs {
  const mounted = mounts()
    .filter(({ type, root, point }) => type === 'tracefs' && root === '/' && USUAL.includes(point))
    .map(({ point }) => point)[0]
  if (mounted !== undefined) return { path: mounted, leave() {} }
  refuseLockdown()
  const path = join(dir, 'tracefs')
  mkdirSync(path, { recursive: true, mode: 0o700 })
  try {
    run('mount', '-t', 'tracefs', '-o', 'nosuid,nodev,noexec', 'tracefs', path)
  } catch {
    rmdirSync(path)
    throw new Error('this kernel has no tracefs')
  }
  return {
    path,
    leave() {
      run('umount', path)
      rmdirSync(path)
    },
  }
}

/**
 * Locked down for confidentiality a kernel has an empty tracefs, and some (6.12) fault where it is unmounted: so it is not
 * even mounted then.
 */
/** @throws where nothing can be granted */
export function refuseLockdown(): void {
  if (isLockedDown()) throw new Error('this kernel is locked down (confidentiality): nobody may trace')
}

export function isLockedDown(): boolean {
  return existsSync(LOCKDOWN) && readFileSync(LOCKDOWN, 'utf8').includes('[confidentiality]')
}

export function isMounted(path: string): boolean {
  return mounts().some(({ point }) => point === path)
}

/** proc(5), /proc/pid/mountinfo: a blank in a path is written as `\040`. */
function mounts(): { readonly root: string; readonly point: string; readonly type: string }[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [own = '', filesystem = ''] = line.split(' - ')
      const [, , , root = '', point = ''] = own.split(' ')
      const path = point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      )
      return { root, point: path, type: filesystem.split(' ')[0] ?? '' }
    })
}

/** @throws what the program says where it fails */
export function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(error?.message ?? (stderr.trim() || `${program} failed`))
}
