import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Owner, ownerOf } from '../../plugin/namespaces/cgroup'

/** Paths as they were seen on real machines or are documented, with where that is. */
interface Case {
  source: string
  text: string
  expected: Owner | undefined
}

const A = '9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d'
const B = 'aaefb9d8feed2d453b543f6d928cede7a4dbefa6a0ae7c9b990dd234c56e93b9'
const C = '79fedb3bd23ca77c9d9ccb41909038316f713df22b54b7d942b71d3812e7c74e'
const D = '5eed917563583925ffdbd40a64efb2aaffe58638e57add8becaf460fe74f5b1c'
const E = 'c3be953da46e015e93a9de37c547a7587a32d609fad3ca721135937833d94a1e'
const F = '0ba8ac17e4e7a31fb82279503552fe94e64bab4745bf6fd2ff231e7c8ca8bed0'
const G = 'd6701ec289c56e4391acb11d07474b3139466857a305490575508a8b7a9fcf22'

const CASES: Record<string, Case> = {
  'docker, cgroup v1, systemd driver': {
    source: 'capture on CentOS: https://github.com/neuvector/neuvector share/system/cgroup_test.go',
    text: `10:devices:/system.slice/docker-${A}.scope\n1:name=systemd:/system.slice/docker-${A}.scope\n`,
    expected: { runtime: 'docker', name: 'docker_9ec39b91f3d7', containerId: A },
  },
  'docker, cgroup v1, cgroupfs driver, systemd not in use': {
    source: 'https://docs.docker.com/engine/containers/runmetrics/ "Find the cgroup for a given container"',
    text: `12:memory:/docker/${A}\n11:pids:/docker/${A}\n1:name=systemd:/docker/${A}\n0::/\n`,
    expected: { runtime: 'docker', name: 'docker_9ec39b91f3d7', containerId: A },
  },
  'docker, cgroup v2, cgroupfs driver': {
    source: 'https://docs.docker.com/engine/containers/runmetrics/',
    text: `0::/docker/${A}\n`,
    expected: { runtime: 'docker', name: 'docker_9ec39b91f3d7', containerId: A },
  },
  'docker, rootless': {
    source: 'https://docs.docker.com/engine/security/rootless/ (systemd driver, below the user’s manager)',
    text: `0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${A}.scope\n`,
    expected: { runtime: 'docker', name: 'docker_9ec39b91f3d7', containerId: A },
  },
  'containerd in Kubernetes, systemd driver': {
    source: 'capture: https://github.com/kubernetes/kubernetes/issues/106514',
    text: `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod2fc932ce_fdcc_454b_97bd_aadfdeb4c340.slice/cri-containerd-${B}.scope\n`,
    expected: {
      runtime: 'containerd',
      name: 'pod_2fc932ce-fdc',
      containerId: B,
      podUid: '2fc932ce-fdcc-454b-97bd-aadfdeb4c340',
    },
  },
  'containerd in Kubernetes, a static pod, told of the wrong driver': {
    source: 'capture: https://github.com/kubernetes/kubernetes/issues/106514',
    text: `1:name=systemd:/system.slice/containerd.service/kubepods-burstable-pod36b6d6be73b1065af369b3985edafa09.slice:cri-containerd:${C}\n`,
    expected: {
      runtime: 'containerd',
      name: 'pod_36b6d6be73b1',
      containerId: C,
      podUid: '36b6d6be73b1065af369b3985edafa09',
    },
  },
  'Kubernetes, cgroupfs driver, which does not tell the runtime': {
    source:
      'https://kubernetes.io/docs/concepts/architecture/cgroups/ and kubelet pkg/kubelet/cm: <root>/<qos>/pod<uid>/<id>',
    text: `11:memory:/kubepods/besteffort/pod2fc932ce-fdcc-454b-97bd-aadfdeb4c340/${B}\n0::/\n`,
    expected: {
      runtime: 'kubernetes',
      name: 'pod_2fc932ce-fdc',
      containerId: B,
      podUid: '2fc932ce-fdcc-454b-97bd-aadfdeb4c340',
    },
  },
  'CRI-O': {
    source: 'capture: https://github.com/opencontainers/runc/issues/4620',
    text: `13:freezer:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-poda5c1f8d5_1919_434d_add7_4afaafdaef89.slice/crio-${D}.scope\n11:files:/\n`,
    expected: {
      runtime: 'cri-o',
      name: 'pod_a5c1f8d5-191',
      containerId: D,
      podUid: 'a5c1f8d5-1919-434d-add7-4afaafdaef89',
    },
  },
  'CRI-O’s monitor': {
    source: 'capture: https://github.com/openshift/microshift/pull/697',
    text: `0::/system.slice/crio-conmon-${D}.scope\n`,
    expected: { runtime: 'cri-o', name: 'cri-o_5eed91756358', containerId: D },
  },
  'a Kubernetes node that is itself a docker container (minikube, kind)': {
    source: 'capture: https://github.com/kubernetes/minikube/issues/11280',
    text: `0::/docker/${G}/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2ca4a155_3599_498d_bb9d_4446693fa3ea.slice/crio-${F}.scope\n`,
    expected: {
      runtime: 'cri-o',
      name: 'pod_2ca4a155-359',
      containerId: F,
      podUid: '2ca4a155-3599-498d-bb9d-4446693fa3ea',
    },
  },
  'nerdctl, systemd driver': {
    source: 'https://github.com/containerd/nerdctl pkg/cmd/container (nerdctl-<id>.scope)',
    text: `0::/system.slice/nerdctl-${B}.scope\n`,
    expected: { runtime: 'containerd', name: 'containerd_aaefb9d8feed', containerId: B },
  },
  'nerdctl, cgroupfs driver': {
    source: 'https://github.com/containerd/nerdctl pkg/cmd/container (<namespace>/<id>)',
    text: `0::/default/${B}\n`,
    expected: { runtime: 'containerd', name: 'containerd_aaefb9d8feed', containerId: B },
  },
  'podman, root': {
    source: 'https://docs.podman.io/en/latest/markdown/podman-run.1.html (--cgroup-parent: machine.slice)',
    text: `0::/machine.slice/libpod-${E}.scope/container\n`,
    expected: { runtime: 'podman', name: 'podman_c3be953da46e', containerId: E },
  },
  'podman, rootless, in a pod': {
    source: 'capture: https://github.com/containers/podman/issues/6400',
    text: `0::/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_${F}.slice/libpod-${E}.scope/container\n`,
    expected: { runtime: 'podman', name: 'podman_c3be953da46e', containerId: E },
  },
  'podman, cgroupfs driver': {
    source: 'capture: https://github.com/containers/podman/issues/7004',
    text: `0::/libpod_parent/libpod-${E}\n`,
    expected: { runtime: 'podman', name: 'podman_c3be953da46e', containerId: E },
  },
  'podman, systemd in it': {
    source: 'as above, with the units of the container below its folder',
    text: `0::/machine.slice/libpod-${E}.scope/container/system.slice/nginx.service\n`,
    expected: { runtime: 'podman', name: 'podman_c3be953da46e_nginx', containerId: E },
  },
  'systemd-nspawn as a service': {
    source: 'systemd-nspawn(1): systemd-nspawn@.service; https://systemd.io/CGROUP_DELEGATION/ ("payload")',
    text: '0::/machine.slice/systemd-nspawn@web\\x2dserver.service/payload/system.slice/nginx.service\n',
    expected: { runtime: 'systemd-nspawn', name: 'web-server_nginx', containerId: 'web-server' },
  },
  'systemd-nspawn from the command line': {
    source: 'https://github.com/systemd/systemd/issues/18104',
    text: '0::/machine.slice/machine-web\\x2dserver.scope/payload\n',
    expected: { runtime: 'systemd-nspawn', name: 'web-server', containerId: 'web-server' },
  },
  'a virtual machine': {
    source: 'https://libvirt.org/cgroups.html',
    text: '0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator\n',
    expected: { runtime: 'machine', name: 'vm', containerId: 'vm' },
  },
  'LXC before 3.1, and Proxmox': {
    source: 'capture: https://github.com/netdata/netdata/issues/1178',
    text: '4:memory:/lxc/php/system.slice/systemd-user-sessions.service\n0::/\n',
    expected: { runtime: 'lxc', name: 'php_systemd-user-sessions', containerId: 'php' },
  },
  'LXC 3.1': {
    source: 'https://github.com/lxc/lxc/issues/2782',
    text: '4:memory:/lxc.payload/php\n',
    expected: { runtime: 'lxc', name: 'php', containerId: 'php' },
  },
  'LXC 4, LXD': {
    source: 'lxc.container.conf(5), lxc.cgroup.dir: default lxc.payload.<name>',
    text: '0::/lxc.payload.web.1/init.scope\n',
    expected: { runtime: 'lxc', name: 'web.1', containerId: 'web.1' },
  },
  'docker in LXC': {
    source: 'the two above, one in the other',
    text: `0::/lxc.payload.web/docker/${A}\n`,
    expected: { runtime: 'docker', name: 'docker_9ec39b91f3d7', containerId: A },
  },
  'a container of a runtime that is not known': {
    source: 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ (/ecs/<task>/<id>)',
    text: `4:memory:/ecs/0410eff2-7e59-4111-823e-1e0d98ef7f30/${A}\n`,
    expected: { runtime: 'container', name: 'container_9ec39b91f3d7', containerId: A },
  },
  'a task of ECS on Fargate': {
    source:
      'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ (the container’s id in its metadata)',
    text: '4:memory:/ecs/55091c13b8cf4801b527f4601742204d/55091c13b8cf4801b527f4601742204d-432624327\n',
    expected: {
      runtime: 'container',
      name: 'container_55091c13b8cf',
      containerId: '55091c13b8cf4801b527f4601742204d-432624327',
    },
  },
  'garden, which tells the good from the bad': {
    source: 'https://github.com/cloudfoundry/guardian (cgroups "good" and "bad" of the CPU entitlement)',
    text: '0::/system.slice/garden.service/garden/good/6f265890-5165-7fab-6b52-18d1\n',
    expected: {
      runtime: 'garden',
      name: 'garden_6f265890-516',
      containerId: '6f265890-5165-7fab-6b52-18d1',
    },
  },
  'Nomad, exec, cgroup v1': {
    source: 'https://github.com/hashicorp/nomad client/lib/cgroupslib (<allocation>.<task>)',
    text: '5:cpuset:/nomad/share/4744f0ea-7616-ab3a-a420-8e25056e3861.web\n0::/\n',
    expected: {
      runtime: 'nomad',
      name: 'web_4744f0ea',
      containerId: '4744f0ea-7616-ab3a-a420-8e25056e3861',
    },
  },
  'libvirt without systemd': {
    source: 'https://libvirt.org/cgroups.html ("Current cgroups layout, non-systemd")',
    text: '4:memory:/machine/web.libvirt-lxc\n',
    expected: { runtime: 'lxc', name: 'web', containerId: 'web' },
  },
  'a pod in a pod: that of the container counts': {
    source: 'the two ways of writing a pod, one in the other',
    text: `0::/kubepods/pod2fc932ce-fdcc-454b-97bd-aadfdeb4c340/${A}/kubepods/burstable/poda5c1f8d5-1919-434d-add7-4afaafdaef89/${B}\n`,
    expected: {
      runtime: 'kubernetes',
      name: 'pod_a5c1f8d5-191',
      containerId: B,
      podUid: 'a5c1f8d5-1919-434d-add7-4afaafdaef89',
    },
  },
  'docker in a pod is a container of its own': {
    source: 'docker-in-docker, one in the other',
    text: `0::/kubepods/pod2fc932ce-fdcc-454b-97bd-aadfdeb4c340/${A}/docker/${B}\n`,
    expected: { runtime: 'docker', name: 'docker_aaefb9d8feed', containerId: B },
  },
  'Kata’s own processes, beside the virtual machine of a pod': {
    source: 'https://github.com/kata-containers/kata-containers docs/design/host-cgroups.md (kata_overhead)',
    text: `4:cpu:/kubepods/poda5c1f8d5-1919-434d-add7-4afaafdaef89/kata_overhead/${A}\n`,
    expected: {
      runtime: 'kata',
      name: 'pod_a5c1f8d5-191',
      containerId: A,
      podUid: 'a5c1f8d5-1919-434d-add7-4afaafdaef89',
    },
  },
  'Kata 1, without Kubernetes': {
    source: 'https://github.com/kata-containers/runtime virtcontainers/cgroups.go (/vc/<id>)',
    text: `4:cpu:/vc/${A}\n`,
    expected: { runtime: 'kata', name: 'kata_9ec39b91f3d7', containerId: A },
  },
  'libvirt without systemd, with its number': {
    source: 'https://libvirt.org/cgroups.html, and src/util/vircgroup.c (<machine name>.libvirt-<driver>)',
    text: '4:memory:/machine/qemu-1-vm.libvirt-qemu/emulator\n',
    expected: { runtime: 'machine', name: 'vm', containerId: 'vm' },
  },
  'a machine whose name looks a little like one of libvirt': {
    source: 'systemd-machined(8): any program can register one',
    text: '0::/machine.slice/machine-web\\x2d1\\x2db.scope\n',
    expected: { runtime: 'machine', name: 'web-1-b', containerId: 'web-1-b' },
  },
  'a service that runs many': {
    source: 'as garden and Concourse do, with names that are no ids',
    text: '0::/system.slice/runner.service/jobs/job-7\n',
    expected: { runtime: 'container', name: 'runner_job-7', containerId: 'job-7' },
  },
  'a part of a service': {
    source: 'systemd.service(5), DelegateSubgroup=; captured on Debian 12 (systemd-udevd.service/udev)',
    text: '0::/system.slice/systemd-udevd.service/udev\n',
    expected: { runtime: 'systemd', name: 'systemd-udevd' },
  },
  'a folder with a name that every object has': {
    source: 'Object.prototype',
    text: `0::/constructor/constructor-${A}\n`,
    expected: { runtime: 'container', name: 'container_9ec39b91f3d7', containerId: A },
  },
  'a service (PrivateNetwork=yes)': {
    source: 'systemd.exec(5); captured on Debian 12',
    text: '0::/system.slice/systemd-hostnamed.service\n',
    expected: { runtime: 'systemd', name: 'systemd-hostnamed' },
  },
  'an instance of a service, with an escaped name': {
    source: 'systemd.unit(5), "String Escaping for Inclusion in Unit Names"',
    text: '0::/system.slice/system-openvpn\\x2dclient.slice/openvpn-client@my\\x2dvpn.service\n',
    expected: { runtime: 'systemd', name: 'openvpn-client@my-vpn' },
  },
  'a service of a user': {
    source: 'systemd.special(7), user@.service',
    text: '0::/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service\n',
    expected: { runtime: 'systemd', name: 'syncthing' },
  },
  'a shell in a session': {
    source: 'captured on Debian 12',
    text: '0::/user.slice/user-1000.slice/session-3.scope\n',
    expected: undefined,
  },
  'an application in a user’s session': {
    source: 'https://systemd.io/DESKTOP_ENVIRONMENTS/',
    text: '0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-1234.scope\n',
    expected: undefined,
  },
  'docker builds an image, systemd driver': {
    source: 'https://github.com/moby/buildkit executor/oci/spec.go (system.slice:docker:<id>)',
    text: '0::/system.slice/docker-rr5vku7p3rp7tx3a2yvfzzn0p.scope\n',
    expected: {
      runtime: 'buildkit',
      name: 'buildkit_rr5vku7p3rp7',
      containerId: 'rr5vku7p3rp7tx3a2yvfzzn0p',
    },
  },
  'docker builds an image, cgroupfs driver': {
    source: 'as above (/docker/buildkit/<id>)',
    text: '0::/docker/buildkit/rr5vku7p3rp7tx3a2yvfzzn0p\n',
    expected: {
      runtime: 'buildkit',
      name: 'buildkit_rr5vku7p3rp7',
      containerId: 'rr5vku7p3rp7tx3a2yvfzzn0p',
    },
  },
  'runc with systemd': {
    source: 'https://github.com/opencontainers/runc docs/systemd.md (<prefix>-<name>.scope, prefix runc)',
    text: '0::/system.slice/runc-bpm\\x2dnats.scope\n',
    expected: { runtime: 'container', name: 'bpm-nats', containerId: 'bpm-nats' },
  },
  'containerd, with a name in the namespace of Kubernetes': {
    source: 'https://github.com/containerd/containerd oci.WithNamespacedCgroup (/<namespace>/<id>)',
    text: '0::/k8s.io/debug-shell\n',
    expected: { runtime: 'containerd', name: 'debug-shell', containerId: 'debug-shell' },
  },
  'containerd with a name, from a private cgroup namespace': {
    source: 'the two kinds of path, one in the other: cgroup_namespaces(7)',
    text: '0::/../../default/redis-1\n',
    expected: { runtime: 'containerd', name: 'redis-1', containerId: 'redis-1' },
  },
  'a folder that is no container': {
    source: 'cgconfig.conf(5): any program makes some',
    text: '4:cpu:/jobs/nightly\n',
    expected: undefined,
  },
  'Firecracker’s jailer': {
    source: 'https://github.com/firecracker-microvm/firecracker docs/jailer.md (/firecracker/<id>)',
    text: '0::/firecracker/551e7604-e35c-42b3-b825-416853441234\n',
    expected: {
      runtime: 'machine',
      name: 'machine_551e7604-e35',
      containerId: '551e7604-e35c-42b3-b825-416853441234',
    },
  },
  'systemd-nspawn before it had the folder payload': {
    source: 'systemd-nspawn of systemd 229 and the like: the units right in the scope',
    text: '1:name=systemd:/machine.slice/machine-deb.scope/system.slice/polkit.service\n',
    expected: { runtime: 'systemd-nspawn', name: 'deb_polkit', containerId: 'deb' },
  },
  'systemd in a container of libvirt': {
    source: 'https://libvirt.org/cgroups.html, with its units below',
    text: '1:name=systemd:/machine.slice/machine-lxc\\x2d42\\x2dweb.scope/init.scope\n',
    expected: { runtime: 'lxc', name: 'web', containerId: 'web' },
  },
  'systemd-vmspawn': {
    source: 'systemd-vmspawn(1): systemd-vmspawn@.service',
    text: '0::/machine.slice/systemd-vmspawn@fedora.service\n',
    expected: { runtime: 'machine', name: 'fedora', containerId: 'fedora' },
  },
  'no cgroups at all': { source: 'cgroups(7)', text: '0::/\n', expected: undefined },
  'an empty file': { source: 'a process that has just ended', text: '', expected: undefined },
  'a folder that has a colon in its name': {
    source: 'cgroups(7): the path is all after the second colon',
    text: '0::/system.slice/a:b.service\n',
    expected: { runtime: 'systemd', name: 'a:b' },
  },
}

t.test('tells the owner from the path', async t => {
  for (const [name, { source, text, expected }] of Object.entries(CASES)) {
    const { identity, ...owner } = ownerOf(text) ?? {}
    t.strictSame(owner, expected ?? {}, `${name} (${source})`)
    t.equal(identity !== undefined, expected !== undefined, `${name}: an identity`)
  }
})

interface Conformance {
  readonly case: string
  readonly source: string
  readonly cgroup: string
  readonly expect: { readonly container_id?: string; readonly pod_uid?: string; readonly name_has?: string }
}

t.test('what other projects’ bug reports have', async t => {
  const file = join(__dirname, '..', 'fixtures', 'conformance', 'cgroup-names.json')
  for (const { case: name, source, cgroup, expect } of JSON.parse(
    readFileSync(file, 'utf8'),
  ) as Conformance[]) {
    const owner = ownerOf(cgroup)
    const said = `${name} (${source})`
    if (expect.container_id !== undefined) t.equal(owner?.containerId, expect.container_id, said)
    if (expect.pod_uid !== undefined) t.equal(owner?.podUid, expect.pod_uid, said)
    if (expect.name_has !== undefined) t.ok(owner?.name.includes(expect.name_has), `${said}: ${owner?.name}`)
  }
  const runtimeOf = (name: string): string | undefined =>
    ownerOf(`0::/machine.slice/machine-${name}.scope\n`)?.runtime
  t.equal(runtimeOf('lxc\\x2d9192\\x2datvie0ximta01'), 'lxc')
  t.equal(
    ownerOf('0::/machine.slice/machine-lxc\\x2d9192\\x2dx.scope\n')?.name,
    'x',
    'without the process id',
  )
  t.equal(runtimeOf('ch\\x2d1\\x2dvm'), 'machine')
})

t.test('what is the same, and what another one, after a restart', async t => {
  const service = '/system.slice/garden.service'
  const identity = (path: string): string | undefined => ownerOf(`0::${path}\n`)?.identity
  const [one, two] = ['6f265890-5165-7fab-6b52-18d1', '7f265890-5165-7fab-6b52-18d2']
  t.not(identity(`${service}/garden/${one}`), identity(`${service}/garden/${two}`), 'two of garden')
  t.not(identity(`${service}/garden/${one}`), identity(service), 'nor garden itself')
  t.not(identity(`${service}/a`), identity(`${service}/b`), 'two folders of a service')
  t.not(identity(`${service}/a/1`), identity(`${service}/b/1`), 'that have the same last part')
  t.equal(
    identity(`/system.slice/redis.service/libpod-payload-${A}`),
    identity(`/system.slice/redis.service/libpod-payload-${B}`),
    'a service with a container',
  )
  t.not(identity('/system.slice/redis.service'), identity('/user.slice/redis.service'), 'of two users')
  t.not(identity(`/docker/${A}`), identity(`/docker/${B}`))
  t.not(identity('/lxc/101/ns/init.scope'), identity('/lxc/101/ns/system.slice/x.service'), 'in a container')
  t.equal(
    identity('/machine.slice/machine-lxc\\x2d9192\\x2dweb.scope'),
    identity('/machine.slice/machine-lxc\\x2d4711\\x2dweb.scope'),
  )
})

t.test('systemd’s own hierarchy decides, whatever the order', async t => {
  const lines = ['11:net_cls:/0d233f08-00c2-43d8-5b57-2c2af4f5bfc0', '3:rdma:/']
  const systemd = '1:name=systemd:/system.slice/runit.service/0d233f08-00c2-43d8-5b57-2c2af4f5bfc0'
  for (const text of [
    [...lines, systemd],
    [systemd, ...lines],
  ])
    t.equal(ownerOf(`${text.join('\n')}\n`)?.name, 'runit_0d233f08-00c')
})
