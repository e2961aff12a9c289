/** The grant of the kernel's trace under names of a test's own: runs do not meet, and meet no real one. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { parseStats } from '../../plugin/tracing/stats'

export const GRANT = join(__dirname, '../../packaging/tcp-resets-grant')
export const COMMAND = join(__dirname, '../../dist/bin/tcp-resets')

export interface Grant {
  readonly dir: string
  /** For the plugin: a user configuration that names the folder. */
  readonly config: string
  readonly env: NodeJS.ProcessEnv
  grant(): void
  /** From now on only resets that come from this port are taken down as received: others may be reset meanwhile. */
  receiveFrom(port: number): void
  /** Takes the grant back as an administrator would; waits until nobody reads it any more. */
  revoke(): Promise<void>
  /** Takes everything back, also after revoke(). Happens by itself when this process dies. */
  remove(): Promise<void>
}

/** Why this machine can't trace, or undefined when it can. */
export function whyNoTracing(): string | undefined {
  if (process.platform !== 'linux') return 'tracing needs Linux'
  if (process.getuid?.() !== 0) return 'granting tracing needs root'
  if (!/\ttracefs$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return 'this kernel has no tracefs'
  if (spawnSync('setpriv', ['--version']).status !== 0) return 'setpriv (util-linux) is missing'
  const mount = ['--mount', 'mount', '-t', 'tracefs', 'tracefs', '/mnt']
  const tried = spawnSync('unshare', mount, { encoding: 'utf8' })
  return tried.status === 0 ? undefined : `tracefs can't be mounted here: ${tried.stderr.trim()}`
}

/**
 * @param group who may read
 * @param program what gives it
 */
export function makeGrant(group = 'nogroup', program = GRANT): Grant {
  const name = `tcp-resets-${process.pid}-${randomBytes(3).toString('hex')}`
  const dir = `/run/${name}`
  const env = {
    PATH: process.env.PATH,
    TCP_RESETS_GROUP: group,
    TCP_RESETS_DIR: dir,
    TCP_RESETS_INSTANCE: name.replaceAll('-', '_'),
  }
  // Waits until its stdin is closed, which also happens when this process is killed. Whoever reads the trace has
  // let go of it by then, or is gone with this process.
  const guard = spawn('sh', ['-c', `cat >/dev/null; exec "${GRANT}" revoke`], {
    detached: true,
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  guard.unref()
  if (guard.stdin instanceof Socket) guard.stdin.unref()
  return {
    dir,
    config: `tracing:\n  directory: ${dir}\n`,
    env,
    grant() {
      execFileSync(program, ['grant'], { env, stdio: ['ignore', 'inherit', 'pipe'] })
    },
    receiveFrom(port) {
      writeFileSync(join(dir, 'received/events/tcp/tcp_receive_reset/filter'), `dport == ${port}\n`)
    },
    async revoke() {
      const child = spawn(GRANT, ['revoke'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
      const [code] = await once(child, 'exit')
      if (code !== 0) throw new Error(`revoke: exit code ${code}`)
    },
    async remove() {
      if (guard.exitCode !== null) return
      guard.ref()
      guard.stdin.end()
      await once(guard, 'exit')
    },
  }
}

/** Events of one direction since the grant, whoever has read them. */
export function countedIn(dir: string, direction: 'sent' | 'received'): number {
  const cpus = join(dir, direction, 'per_cpu')
  return readdirSync(cpus).reduce((sum, cpu) => {
    const { waiting = 0n, gone = 0n } = parseStats(readFileSync(join(cpus, cpu, 'stats'), 'latin1')) ?? {}
    return sum + Number(waiting + gone)
  }, 0)
}

/** A command line that runs another as a user with no rights but those of a group. */
export const asNobody = (...command: string[]): [string, string[]] => [
  'setpriv',
  ['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', ...command],
]
