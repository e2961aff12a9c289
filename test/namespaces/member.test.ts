import { statSync } from 'node:fs'
import t from 'tap'
import { usualFollower } from '../../plugin/analysis/usual'
import { createLog } from '../../plugin/log'
import type { Owner } from '../../plugin/namespaces/cgroup'
import { newMember } from '../../plugin/namespaces/member'

// The labels of a member, with the counters of this process's own namespace.

const skip = process.platform !== 'linux' && 'needs /proc of Linux'

/** What a dashboard is told of an owner: `<name> <value> <source>`. */
function labelsOf(owner: Owner): string[] {
  const member = newMember(
    '/proc',
    'web',
    { isNew: false, rings: true },
    usualFollower(),
    1,
    createLog({}, () => {}),
  )
  const { ino } = statSync('/proc/self/net/snmp')
  member.follow(
    { inode: ino, identity: undefined, processes: [{ pid: process.pid, started: 0 }], since: 0 },
    owner,
  )
  const [chart = ''] = member.collect(0).split('CLABEL_COMMIT')
  return [...chart.matchAll(/^CLABEL (.*)$/gm)].map(([, label = '']) => label)
}

const OTHERS = ["source 'proc' 1", "received 'estimated' 1"]

t.test('labels', { skip }, async t => {
  const pod = { runtime: 'containerd', name: 'default_web-0', podUid: '2fc932ce' }
  const cases: Record<string, [owner: Owner, labels: string[]]> = {
    'a service': [{ runtime: 'systemd', name: 'web' }, ["namespace 'web' 1", "runtime 'systemd' 1"]],
    'a container of a pod, as collectors of Netdata have it': [
      { ...pod, containerId: '9ec3', podNamespace: 'default', podName: 'web-0', containerName: 'app' },
      [
        "namespace 'web' 1",
        "runtime 'containerd' 1",
        "container_id '9ec3' 1",
        "k8s_namespace 'default' 5",
        "k8s_pod_name 'web-0' 5",
        "k8s_container_name 'app' 5",
      ],
    ],
    'a pod of which only the UID is known': [pod, ["namespace 'web' 1", "runtime 'containerd' 1"]],
  }
  for (const [name, [owner, labels]] of Object.entries(cases))
    t.strictSame(labelsOf(owner), [...labels, ...OTHERS], name)
})
