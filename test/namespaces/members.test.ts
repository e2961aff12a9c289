import t from 'tap'
import type { Member } from '../../plugin/namespaces/member'
import { newMembers } from '../../plugin/namespaces/members'

// Members without counters: only what goes by which name is tried here.

function memberOf(name: string, identity: string | undefined): Member {
  let namespace: Member['namespace']
  return {
    name,
    statInode: undefined,
    identity,
    get namespace() {
      return namespace
    },
    follow(next) {
      namespace = next
    },
    leave() {
      namespace = undefined
    },
    collect: () => '',
    judged: undefined,
    read: () => {},
    takeRise: () => ({}),
    retire: () => '',
  }
}
const owner = (name: string, identity?: string) => ({ runtime: 'x', name, ...(identity && { identity }) })

t.test('a name that is gone is continued only by the same identity', async t => {
  const members = newMembers()
  const web = memberOf('web', 'lxc:web')
  members.add(web)
  t.equal(members.goneOf(owner('web', 'lxc:web')), web)
  t.equal(members.goneOf(owner('web', 'service:web')), undefined)
  t.equal(members.goneOf(owner('web')), undefined)
  t.equal(members.nameFor(owner('web', 'service:web'), 7), 'web_7', 'its charts are not for others')

  const namespace = { inode: 1, identity: undefined, processes: [], since: 0 }
  web.follow(namespace, owner('web', 'lxc:web'))
  t.strictSame(members.present(), [web])
  t.equal(members.goneOf(owner('web', 'lxc:web')), undefined, 'it is there')
})

t.test('a command is forgotten with its chart, an identity is remembered, 200 of them', async t => {
  const members = newMembers()
  members.add(memberOf('sleep', undefined))
  members.trim(() => true)
  t.ok(members.get('sleep'), 'as long as it has a chart')
  members.trim(() => false)
  t.notOk(members.get('sleep'))

  for (const at of Array(201).keys()) members.add(memberOf(`c${at}`, `container:${at}`))
  members.trim(name => name === 'c0')
  t.ok(members.get('c0') && members.get('c1'))
  members.trim(() => false)
  t.notOk(members.get('c0'), 'the one that was away the longest')
  t.ok(members.get('c1') && members.get('c200'))
})
