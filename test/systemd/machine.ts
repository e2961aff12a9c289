import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { dist } from '../../scripts/build'
import { debianRoot } from '../../scripts/debian-root'
import { type Shell, shellIn } from '../shell'

// A Debian 12 with a real systemd as its first process, and Netdata as its service:
//
//     t.test('the unit starts at boot', { skip: noMachine }, async t => {
//       const machine = await bootMachine(t)
//       machine.must(`${COMMAND} install`)
//       await machine.reboot()
//       t.match(machine.must('systemctl is-active tcp-resets-tracing'), 'active\n')
//     })
//
// Its files are its own, in memory, and go with the test; so do its network (without a way out) and its processes. The
// kernel is this machine's: what is traced in it is traced in all of it, so tests of counts belong elsewhere.

/** Where the built tree is in the machine. */
const DIST = '/opt/tcp-resets'
/** `tcp-resets` of the built tree there. */
export const COMMAND = `${DIST}/bin/tcp-resets`

const NSPAWN = 'systemd-nspawn --quiet --register=no --keep-unit --private-network'
const OWN = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--mount-proc']
const debian = debianRoot()

/** Why no machine can be booted here; false when one can. */
export const noMachine =
  'missing' in debian
    ? debian.missing
    : spawnSync('systemd-nspawn', ['--version']).status !== 0
      ? 'needs systemd-container'
      : whyNot(`${overlayOf(debian.path)}; ${NSPAWN} --directory=/mnt/root true`)

/** @returns the last words of a script that fails; its mounts and processes go with it */
function whyNot(script: string): string | false {
  const { status, stderr } = spawnSync('unshare', [...OWN, 'sh', '-c', script], { encoding: 'utf8' })
  return status !== 0 && `no machine starts here: ${stderr.trimEnd().split('\n').at(-1)}`
}

/** Shell commands that put a file system for one machine at /mnt/root. */
function overlayOf(root: string): string {
  return `set -e; mount --make-rprivate /; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /mnt; mkdir /mnt/upper /mnt/work /mnt/root
    mount -t overlay overlay -o lowerdir=${root},upperdir=/mnt/upper,workdir=/mnt/work /mnt/root`
}

/** Shell commands of an administrator who has Netdata run as another user, with another group. */
export const AS_ANOTHER = `groupadd watchers; useradd --system --gid watchers --home-dir /var/lib/netdata metrics
  mkdir -p /etc/systemd/system/netdata.service.d
  printf '[Service]\\nUser=metrics\\nGroup=watchers\\n' >/etc/systemd/system/netdata.service.d/user.conf
  sed -i 's/run as user = .*/run as user = metrics/' /etc/netdata/netdata.conf
  systemctl daemon-reload; systemctl stop netdata
  chown -R metrics:watchers /var/lib/netdata /var/cache/netdata /var/log/netdata
  systemctl start netdata`

export interface Machine extends Shell {
  /** Where a file of the machine is as seen from here. */
  at(path: string): string
  /** As an administrator would, and until it is up again. */
  reboot(): Promise<void>
}

/**
 * Boots a machine, which ends with the test, or with this process, however that goes: what waits for that reads from a
 * pipe of ours.
 *
 * @param image shell commands that change its files before it boots; they lie at /mnt/root by then
 */
export async function bootMachine(t: { teardown(fn: () => unknown): unknown }, image = ''): Promise<Machine> {
  if ('missing' in debian) throw new Error(debian.missing)
  const name = `tcp_resets_machine_${process.pid}_${Date.now()}`
  // Netdata looks for new plugins more often, and what the grant makes in the kernel has a name of its own, for the sake
  // of other machines; all else is as Debian has it. 133 is a reboot.
  const run = `${overlayOf(debian.path)}
    printf '[plugins]\n check for new plugins every = 2\n' >>/mnt/root/etc/netdata/netdata.conf
    unit=/mnt/root/etc/systemd/system/tcp-resets-tracing.service.d
    mkdir -p $unit; printf '[Service]\\nEnvironment=TCP_RESETS_INSTANCE=${name}\\n' >$unit/instance.conf
    ${image}
    { while ${NSPAWN} --machine=test --boot --directory=/mnt/root --bind-ro=${dist}:${DIST}; [ $? = 133 ]; do :; done
    } </dev/null >&2 &
    read -r nothing || :`
  // Control groups of its own too, as two machines in one would end each other's services.
  const holder = `for top in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
      [ ! -e $top/cgroup.procs ] || { mkdir $top/${name} && echo $$ >$top/${name}/cgroup.procs; }
    done
    unshare ${OWN.join(' ')} sh -c "$1"
    for top in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
      [ ! -e $top/${name} ] || { echo $$ >$top/cgroup.procs; find $top/${name} -depth -type d -exec rmdir '{}' ';'; }
    done
    unshare --mount sh -c 'mount -t tracefs tracefs /mnt && rmdir /mnt/instances/${name}*' 2>/dev/null`
  const child = spawn('sh', ['-c', holder, 'sh', run], { stdio: ['pipe', 'ignore', 'pipe'], detached: true })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text
  })
  t.teardown(() => {
    child.stdin.end()
    return child.exitCode ?? once(child, 'exit')
  })

  let first: string | undefined
  const shell = shellIn(() => ['-t', `${first}`, '-a'], { TCP_RESETS_INSTANCE: name })
  const untilUp = async (): Promise<void> => {
    const before = first
    for (const deadline = Date.now() + 120_000; ; await sleep(100)) {
      if (Date.now() > deadline) throw new Error(`the machine did not come up:\n${said.slice(-4000)}`)
      first = systemdBelow(`${child.pid}`)
      if (first === undefined || first === before) continue
      if (/^(running|degraded)$/m.test(shell.sh('systemctl is-system-running --wait').stdout)) return
    }
  }
  await untilUp()
  return {
    ...shell,
    at: path => `/proc/${first}/root${path}`,
    async reboot() {
      shell.must('systemctl --no-block reboot')
      await untilUp()
    },
  }
}

/** The first process of a machine below a process, by its process id. */
function systemdBelow(pid: string): string | undefined {
  try {
    if (/^Name:\tsystemd\n/.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return pid
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return children.filter(Boolean).map(systemdBelow).find(Boolean)
  } catch {
    return undefined // it has just ended
  }
}
