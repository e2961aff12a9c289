import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { readOwner } from '../../plugin/namespaces/owner'
import { makeWorld, noCgroups, noWorld } from './world'

const skip = noWorld ?? false
const ID = 'aaefb9d8feed2d453b543f6d928cede7a4dbefa6a0ae7c9b990dd234c56e93b9'
const UID = '2fc932ce-fdcc-454b-97bd-aadfdeb4c340'
const POD = `0::/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice`

interface Made {
  readonly comm?: string
  readonly cgroup?: string
  readonly mountinfo?: string
}

/** A made-up root with these processes, the oldest first, and folders. @returns their owner */
function ownerOfMade(t: Test, processes: readonly Made[], folders: Record<string, object> = {}) {
  const made = processes.map(({ comm = 'x', cgroup = '0::/', mountinfo = '' }, at) => [
    at + 10,
    { comm: `${comm}\n`, cgroup: `${cgroup}\n`, mountinfo },
  ])
  const root = t.testdir({ proc: Object.fromEntries(made), ...folders })
  return readOwner(
    root,
    processes.map((_, at) => at + 10),
  )
}

const sys = (source: string): string =>
  `22 1 0:20 / /sys rw,relatime - sysfs sysfs rw\n30 1 0:33 / /sys rw,relatime - sysfs ${source} rw\n`

t.test('a command, process 1, and one that has ended', { skip }, async t => {
  const world = makeWorld(t)
  const name = `${world.prefix}-x`
  const pid = await world.start(name)
  t.strictSame(readOwner('', [pid]), { runtime: 'process', name }, 'a command is no identity')
  t.match(readOwner('', [1]), { runtime: 'host', name: 'init' })
  await world.end(name)
  t.equal(readOwner('', [pid]), undefined)
})

t.test('real cgroups', { skip: noCgroups ?? false }, async t => {
  const world = makeWorld(t)
  const cases: Record<string, string> = {
    [`${world.prefix}.service`]: world.prefix,
    [`${world.prefix}.service/jobs/7`]: `${world.prefix}_7`,
    [`lxc.payload.${world.prefix}/init.scope`]: world.prefix,
    [`${world.prefix}-docker/docker/${ID}`]: 'docker_aaefb9d8feed',
    [`lxc/${world.prefix}/ns/system.slice/a\\x2db.service`]: `${world.prefix}_a-b`,
  }
  for (const [at, [path, name]] of Object.entries(cases).entries()) {
    const pid = await world.startIn(path, `${world.prefix}${at}`)
    t.equal(readOwner('', [pid])?.name, name, path)
  }
})

t.test('ip netns exec, for real', { skip }, async t => {
  const name = `qdhcp-${process.pid}`
  execFileSync('ip', ['netns', 'add', name])
  t.teardown(() => execFileSync('ip', ['netns', 'del', name]))
  const child = spawn('ip', ['netns', 'exec', name, 'sleep', '60'], { stdio: 'ignore' })
  t.teardown(() => child.kill('SIGKILL'))
  while (readFileSync(`/proc/${child.pid}/comm`, 'utf8') !== 'sleep\n')
    await new Promise(resolve => setImmediate(resolve))
  t.strictSame(readOwner('', [child.pid ?? 0]), { runtime: 'ip-netns', name, identity: `ip-netns:${name}` })
})

t.test('the name of ip netns comes first, where /run/netns has it', async t => {
  const dnsmasq = {
    comm: 'dnsmasq',
    cgroup: '0::/system.slice/neutron-dhcp-agent.service',
    mountinfo: sys('qdhcp-1'),
  }
  const run = (name: string) => ({ run: { netns: { [name]: '' } } })
  t.match(ownerOfMade(t, [dnsmasq], run('qdhcp-1')), { runtime: 'ip-netns', name: 'qdhcp-1' })
  t.match(ownerOfMade(t, [dnsmasq], run('qdhcp-2')), { runtime: 'systemd', name: 'neutron-dhcp-agent' })
  t.match(ownerOfMade(t, [dnsmasq]), { runtime: 'systemd' }, 'nobody confirms it')
  t.match(
    ownerOfMade(t, [{ cgroup: '0::/system.slice/a.service' }, dnsmasq], run('qdhcp-1')),
    { name: 'qdhcp-1' },
    'whichever of its processes tells it',
  )
})

t.test('the oldest can be a helper', async t => {
  const container = { comm: 'nginx', cgroup: `0::/machine.slice/libpod-${ID}.scope/container` }
  const service = { comm: 'sshd', cgroup: '0::/system.slice/ssh.service' }
  t.match(ownerOfMade(t, [{ comm: 'rootlessport' }, container]), { name: 'podman_aaefb9d8feed' })
  t.match(ownerOfMade(t, [service, container]), { name: 'podman_aaefb9d8feed' }, 'before a service')
  t.match(ownerOfMade(t, [{ comm: 'a' }, service]), { name: 'ssh' }, 'before a command')
  t.match(ownerOfMade(t, [{ comm: 'exe' }, { comm: 'conmon' }, { comm: 'web' }]), { name: 'web' })
  t.match(
    ownerOfMade(t, [{ comm: 'bwrap' }, { comm: 'firefox' }]),
    { name: 'firefox' },
    'bwrap(1): a sandbox',
  )
  t.match(ownerOfMade(t, [{ comm: 'exe' }, { comm: 'conmon' }]), { name: 'conmon' }, 'better than nothing')
  t.match(ownerOfMade(t, [{ comm: 'exe' }]), { runtime: 'process', name: 'unnamed' }, 'never exe')
  t.match(ownerOfMade(t, [{ comm: '' }]), { name: 'unnamed' }, 'nor nothing')
})

t.test('containers without cgroups: the files that the runtime mounts', async t => {
  const mount = (root: string, point: string): string =>
    `501 480 0:44 ${root} ${point} rw - ext4 /dev/sda rw\n`
  // podman run --cgroups=disabled, rootless, with a port: captured with podman 4.3 on Debian 12. Of the three processes in
  // the namespace the first two are podman's own, and not in the container.
  for (const storage of ['overlay', 'vfs']) {
    const folder = `/home/u/.local/share/containers/storage/${storage}-containers/${ID}/userdata`
    const podman = mount(`${folder}/hosts`, '/etc/hosts')
    t.strictSame(
      ownerOfMade(t, [{ comm: 'rootlessport' }, { comm: 'exe' }, { comm: 'web', mountinfo: podman }]),
      {
        runtime: 'podman',
        name: 'podman_aaefb9d8feed',
        identity: `container:${ID}`,
        containerId: ID,
      },
    )
  }
  const docker = mount(`/var/lib/docker/containers/${ID}/hostname`, '/etc/hostname')
  t.match(ownerOfMade(t, [{ mountinfo: docker }]), { runtime: 'docker', containerId: ID })
  const cri = mount(
    `/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${ID}/resolv.conf`,
    '/etc/resolv.conf',
  )
  t.match(ownerOfMade(t, [{ mountinfo: cri }]), { runtime: 'containerd', containerId: ID })
  // As the host sees a container's folder.
  const elsewhere = mount('/', `/var/lib/docker/containers/${ID}/mounts/shm`)
  t.match(ownerOfMade(t, [{ comm: 'dockerd', mountinfo: elsewhere }]), {
    runtime: 'process',
    name: 'dockerd',
  })
})

t.test('Kubernetes: the pod’s name from the folder of its logs, the container’s from the link', async t => {
  const folders = {
    var: {
      log: {
        pods: { [`kube-system_coredns-abc_${UID}`]: {}, x_y_36b6d6be73b1065af369b3985edafa09: {} },
        containers: { [`coredns-abc_kube-system_dns-${ID}.log`]: '' },
      },
    },
  }
  const pod = {
    name: 'kube-system_coredns-abc',
    identity: 'pod:kube-system_coredns-abc',
    podUid: UID,
    podNamespace: 'kube-system',
    podName: 'coredns-abc',
  }
  t.strictSame(ownerOfMade(t, [{ cgroup: `${POD}/cri-containerd-${ID}.scope` }], folders), {
    runtime: 'containerd',
    containerId: ID,
    containerName: 'dns',
    ...pod,
  })
  const sandbox = ID.replaceAll('a', 'b')
  t.strictSame(
    ownerOfMade(t, [{ cgroup: `${POD}/cri-containerd-${sandbox}.scope` }], folders),
    { runtime: 'containerd', containerId: sandbox, ...pod },
    'the pod’s own container has no logs',
  )
  t.strictSame(ownerOfMade(t, [{ cgroup: POD }], folders), { runtime: 'kubernetes', ...pod }, 'the UID alone')
  t.strictSame(ownerOfMade(t, [{ cgroup: POD }]), {
    runtime: 'kubernetes',
    name: 'pod_2fc932ce-fdc',
    identity: `pod:${UID}`,
    podUid: UID,
  })
})
