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
    expected: { runtime: 'podman', name: 'podman_c3be953da46e', containerId: E },
  },
  'systemd-nspawn as a service': {
    source: 'systemd-nspawn(1): systemd-nspawn@.service; https://systemd.io/CGROUP_DELEGATION/ ("payload")',
    text: '0::/machine.slice/systemd-nspawn@web\\x2dserver.service/payload/system.slice/nginx.service\n',
    expected: { runtime: 'systemd-nspawn', name: 'web-server', containerId: 'web-server' },
  },
  'systemd-nspawn from the command line': {
    source: 'https://github.com/systemd/systemd/issues/18104',
    text: '0::/machine.slice/machine-web\\x2dserver.scope/payload\n',
    expected: { runtime: 'systemd-nspawn', name: 'web-server', containerId: 'web-server' },
  },
  'a virtual machine is no container': {
    source: 'https://libvirt.org/cgroups.html',
    text: '0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator\n',
    expected: undefined,
  },
  'LXC before 3.1, and Proxmox': {
    source: 'capture: https://github.com/netdata/netdata/issues/1178',
    text: '4:memory:/lxc/php/system.slice/systemd-user-sessions.service\n0::/\n',
    expected: { runtime: 'lxc', name: 'php', containerId: 'php' },
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
    t.strictSame(ownerOf(text), expected, `${name} (${source})`)
  }
})
