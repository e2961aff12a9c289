import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Namespace, namespaceFinder } from '../../plugin/namespaces/find'
import { readOwner } from '../../plugin/namespaces/owner'
import { noCgroups } from './world'

// Real runtimes, each with all it has in a folder of its own: nothing of the machine's own containers is touched. They run
// where they are installed (Debian's docker.io, lxc, podman and busybox-static), as no test should install a docker.

const BUSYBOX = '/bin/busybox'
const isStatic = spawnSync('ldd', [BUSYBOX]).status === 1
const has = (command: string): boolean => spawnSync('which', [command]).status === 0
const skipWithout = (...commands: string[]): string | false => {
  const missing = commands.find(command => !has(command))
  if (missing !== undefined) return `needs ${missing}`
  return noCgroups ?? (existsSync(BUSYBOX) && isStatic ? false : 'needs busybox-static')
}

/** A folder with a root of one program, and no more. It is not below the project: paths of sockets are short. */
function makeFolder(t: Test): { folder: string; root: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tr-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const root = join(folder, 'rootfs')
  for (const path of ['bin', 'dev', 'proc', 'sys']) mkdirSync(join(root, path), { recursive: true })
  copyFileSync(BUSYBOX, join(root, 'bin', 'busybox'))
  return { folder, root }
}

/** What this plugin calls the namespace of a process, found among all of them. */
function ownerOf(pid: number) {
  const finder = namespaceFinder('/proc')
  for (const _ of finder.search(1));
  const isIts = ({ processes }: Namespace): boolean => processes.some(process => process.pid === pid)
  const namespace = [...finder.found.values()].find(isIts)
  return readOwner(
    '',
    (namespace?.processes ?? []).map(process => process.pid),
  )
}

t.test('docker', { skip: skipWithout('dockerd', 'docker') }, async t => {
  const { folder, root } = makeFolder(t)
  const socket = `unix://${folder}/socket`
  const daemon = spawn(
    'dockerd',
    [
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '-H', socket],
      ...['--pidfile', join(folder, 'pid'), '--bridge=none', '--iptables=false', '--ip6tables=false'],
      '--storage-driver=vfs',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  t.teardown(async () => {
    daemon.kill()
    await once(daemon, 'exit')
  })
  await new Promise<void>((resolve, reject) => {
    daemon.once('exit', code => reject(new Error(`dockerd ended: ${code}`)))
    daemon.stderr.on('data', text => /API listen on/.test(String(text)) && resolve())
  })
  const docker = (...args: string[]): string =>
    execFileSync('docker', ['-H', socket, ...args], { encoding: 'utf8' }).trim()
  execFileSync('sh', ['-c', `tar -C ${root} -c . | docker -H ${socket} import - image`])
  const id = docker('run', '-d', '--network', 'none', 'image', BUSYBOX, 'sleep', '600')
  t.teardown(() => docker('rm', '--force', id))
  const pid = Number(docker('inspect', '--format', '{{.State.Pid}}', id))
  t.match(ownerOf(pid), { runtime: 'docker', name: `docker_${id.slice(0, 12)}`, containerId: id })
})

t.test('LXC', { skip: skipWithout('lxc-execute') }, async t => {
  const { folder, root } = makeFolder(t)
  const name = `tr-${process.pid}`
  const config = join(folder, 'config')
  writeFileSync(
    config,
    `lxc.rootfs.path = dir:${root}\nlxc.net.0.type = empty\nlxc.mount.auto = proc:mixed\n`,
  )
  const where = ['-P', folder, '-n', name]
  execFileSync('lxc-execute', [...where, '-f', config, '-d', '--', BUSYBOX, 'sleep', '600'])
  t.teardown(() => execFileSync('lxc-stop', [...where, '--kill']))
  execFileSync('lxc-wait', [...where, '-s', 'RUNNING'])
  const pid = Number(execFileSync('lxc-info', [...where, '-p', '-H'], { encoding: 'utf8' }))
  t.match(ownerOf(pid), { runtime: 'lxc', name, containerId: name })
})

t.test('podman', { skip: skipWithout('podman', 'runc') }, async t => {
  const { folder, root } = makeFolder(t)
  const own = [
    ...['--root', join(folder, 'data'), '--runroot', join(folder, 'run'), '--tmpdir', join(folder, 'tmp')],
    ...['--cgroup-manager=cgroupfs', '--storage-driver=vfs', '--runtime=runc', '--events-backend=file'],
  ]
  const podman = (...args: string[]): string =>
    execFileSync('podman', [...own, ...args], { encoding: 'utf8' }).trim()
  execFileSync('sh', ['-c', `tar -C ${root} -c . | podman ${own.join(' ')} import - image`], {
    stdio: 'pipe',
  })
  // Root may have less than podman asks for.
  const limits = ['nofile=256:256', 'nproc=256:256'].flatMap(limit => ['--ulimit', limit])
  const id = podman('run', '-d', '--network', 'none', ...limits, 'image', BUSYBOX, 'sleep', '600')
  t.teardown(() => podman('rm', '--force', '--time', '0', id))
  const pid = Number(podman('inspect', '--format', '{{.State.Pid}}', id))
  t.match(ownerOf(pid), { runtime: 'podman', name: `podman_${id.slice(0, 12)}`, containerId: id })
})
