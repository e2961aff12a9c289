import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dist } from '../../scripts/build'
import { findNetdata } from '../../scripts/private-agent'
import { PATH, type Result, type Shell, shellIn } from '../shell'

/** The command as a user gets it. */
export const command = join(dist, 'bin', 'tcp-resets')

/** A shell command that takes away every Node of the sandbox. */
export const REMOVE_NODE = 'while node=$(command -v node || command -v nodejs); do rm "$node" || break; done'

/** Why there can be no sandbox here; false when there can. */
export const noSandbox =
  (process.getuid?.() !== 0 && 'needs root for a mount namespace') ||
  (spawnSync('sh', ['-c', 'command -v node'], { env: { PATH } }).status !== 0 &&
    'needs a Node in a usual place') ||
  (findNetdata()?.binary !== '/usr/sbin/netdata' && 'needs the Netdata of a distribution in /usr') ||
  (spawnSync('unshare', ['--mount', 'sh', '-c', overlay('/mnt')]).status !== 0 && 'needs overlayfs')

/**
 * Shell commands that put an overlay over each directory that an installation changes. Over /tmp too: this project may
 * itself lie below it, and has to be seen.
 */
function overlay(scratch: string): string {
  return `set -e; mount --make-rprivate /; mount -t tmpfs tmpfs ${scratch}
    for dir in usr etc var opt tmp; do
      mkdir -p ${scratch}/$dir/upper ${scratch}/$dir/work
      mount -t overlay overlay -o lowerdir=/$dir,upperdir=${scratch}/$dir/upper,workdir=${scratch}/$dir/work /$dir
    done
    mount -t tmpfs -o mode=755 tmpfs /run`
}

/** This machine once more: its own processes and network, and file systems whose changes go with it. */
export interface Sandbox extends Shell {
  /** Its network namespace, for `nsenter --net=`. */
  readonly network: string
  /** Runs `tcp-resets` in it. */
  run(...args: string[]): Result
  /** What differs from this machine, less /tmp and what the agent and dpkg write of their own. */
  changes(): string
  /** Starts Debian's Netdata as its service does, with `more` lines of netdata.conf, and waits until it answers. */
  startNetdata(more?: string): Promise<void>
  stopNetdata(): Promise<void>
}

/** Looking for new plugins and at alarms more often is all that differs from what Debian installs. */
const NETDATA_CONF = `[global]
  run as user = netdata
  bind socket to IP = 127.0.0.1
[plugins]
  check for new plugins every = 2
[health]
  run at least every seconds = 1
[cloud]
  enabled = no
`

/**
 * Makes a sandbox that ends with the test, or with this process, however that goes: its first process reads from a pipe
 * of ours, and all of it ends with that one.
 */
export async function openSandbox(t: { teardown(fn: () => unknown): unknown }): Promise<Sandbox> {
  const namespaces = ['--mount', '--net', '--pid', '--uts', '--ipc']
  const script = `${overlay('/mnt')}; ip link set lo up; echo ready; read -r nothing`
  const holder = spawn(
    'unshare',
    [...namespaces, '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  t.teardown(() => {
    holder.stdin.end()
    return holder.exitCode ?? once(holder, 'exit')
  })
  await once(holder.stdout, 'data')
  const first = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim()
  const enter = ['-t', first, '--mount', '--net', '--pid', '--uts', '--ipc', '--wd=/']
  const shell = shellIn(() => enter)
  const { sh, must, until } = shell
  return {
    network: `/proc/${first}/ns/net`,
    ...shell,
    run: (...args) => sh([command, ...args].map(arg => `'${arg}'`).join(' ')),
    // A directory whose file is gone again stays in the upper layer, so those are looked for where they show.
    changes: () =>
      must(`cd /mnt
        set -- ! -path 'tmp/*' ! -path 'var/upper/*/netdata/*' ! -path 'var/upper/log/*' ! -path 'var/upper/cache/*' ! -path '*/dpkg/*'
        find */upper ! -type d "$@" -printf '%p %y %l %m %u:%g\\n'
        find */upper -type f "$@" -exec sha256sum '{}' +
        find /usr/lib/netdata /usr/share/netdata /usr/local /etc /opt -type d
        find /var/lib -maxdepth 1`),
    startNetdata: async (more = '') => {
      must(`cat >/etc/netdata/netdata.conf <<'END'\n${NETDATA_CONF}${more}END`)
      must('netdata -P /run/netdata.pid')
      await until('Netdata answers', 'curl -sf http://127.0.0.1:19999/api/v1/info')
    },
    stopNetdata: async () => {
      const pid = must('cat /run/netdata.pid').trim()
      must(`kill ${pid}`)
      await until('Netdata has ended', `! grep -qs '^State:.[RSD]' /proc/${pid}/status`)
    },
  }
}
