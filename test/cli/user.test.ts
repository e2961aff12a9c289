import { spawnSync } from 'node:child_process'
import t from 'tap'
import { runAs } from '../../cli/agent/user'

const me = { name: 'me', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
const path = `${process.env.PATH}`

t.test('what runs as the agent’s user has no terminal of root’s', async t => {
  const own = spawnSync('ps', ['-o', 'sid=', '-p', `${process.pid}`], { encoding: 'utf8' }).stdout.trim()
  const outcome = runAs(me, path, ['sh', '-c', 'ps -o sid= -p $$'])
  t.match(outcome, { status: 0, stdout: /\d/ })
  t.not(outcome.stdout.trim(), own, 'it is in a session of its own')
})

t.test('it can’t hold up root, whatever signal it ignores', async t => {
  const outcome = runAs(me, path, ['sh', '-c', 'trap "" TERM; sleep 30 & wait; sleep 30'])
  t.match(outcome, { status: undefined, stderr: /ETIMEDOUT/ })
})
