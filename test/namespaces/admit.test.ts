import { statSync } from 'node:fs'
import t from 'tap'
import { usualFollower } from '../../plugin/analysis/usual'
import { createLog } from '../../plugin/log'
import { admission } from '../../plugin/namespaces/admit'
import type { Namespace } from '../../plugin/namespaces/find'
import { newMember } from '../../plugin/namespaces/member'
import { newMembers } from '../../plugin/namespaces/members'
import { makeWorld, noCgroups } from './world'

t.test('what is to become of a namespace', { skip: noCgroups ?? false }, async t => {
  const world = makeWorld(t)
  const name = `${world.prefix}-a`
  const members = newMembers()
  const decide = admission('', { include: '*', exclude: `${world.prefix}-no` }, members)
  const namespaceOf = (pid: number): Namespace => ({
    inode: statSync(`/proc/${pid}/net/snmp`).ino,
    identity: undefined,
    processes: [{ pid, started: 0 }],
    since: 0,
  })
  const quiet = await world.born(`${world.prefix}-q`)
  await world.hush(`${world.prefix}-q`)
  const quietOne = namespaceOf(quiet)
  t.strictSame(decide(quietOne, 10_000, 0), { is: 'silent' }, 'however old it is')

  decide(quietOne, 10_000, 5000)
  await world.talk(`${world.prefix}-q`)
  t.match(decide(quietOne, 10_000, 9000), { is: 'named', isNew: true, silence: { from: 0, until: 5000 } })

  const pid = await world.startIn(`${name}.service`, name)
  const young = namespaceOf(pid)
  t.strictSame(decide(young, 29.9, 0), { is: 'new' })
  t.match(decide(young, 30, 0), { is: 'named', isNew: true, silence: undefined })
  const decision = decide(namespaceOf(pid), 30, 0)
  t.match(decision, { is: 'named', name, owner: { runtime: 'systemd' }, back: undefined, isNew: false })
  if (decision.is !== 'named') return
  const member = newMember(
    '/proc',
    name,
    { isNew: false, rings: false },
    usualFollower(),
    1,
    createLog({}, () => {}),
  )
  member.follow(namespaceOf(pid), decision.owner)
  members.add(member)
  const second = decide(namespaceOf(pid), 30, 0)
  t.match(second, { is: 'named', name: /_\d+$/, back: undefined }, 'two at once have two names')
  member.leave()
  t.match(
    decide(namespaceOf(pid), 0, 0),
    { is: 'named', name, back: member },
    'it is back, and need not wait',
  )

  const no = await world.start(`${world.prefix}-no`)
  t.strictSame(decide(namespaceOf(no), 30, 0), { is: 'excluded' })
  await world.end(`${world.prefix}-no`)
  t.strictSame(decide({ ...namespaceOf(pid), processes: [{ pid: no, started: 0 }] }, 30, 0), { is: 'ended' })
})
