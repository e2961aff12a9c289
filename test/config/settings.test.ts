import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Config } from '../../plugin/config/config'
import { stockConfig, stockText } from '../../plugin/config/generated/stock'
import { openSettings } from '../../plugin/config/settings'
import { createLog } from '../../plugin/log'

function open(t: { testdir(files: Record<string, string>): string }, file: string, interval = 1) {
  const dir = t.testdir({ 'stock.conf': stockText, 'user.conf': file })
  const applied: Config[] = []
  const state = { logged: '', fails: false }
  const log = createLog({ NETDATA_LOG_LEVEL: 'info' }, line => {
    state.logged += line
  })
  const settings = openSettings(
    { stock: join(dir, 'stock.conf'), user: join(dir, 'user.conf') },
    interval,
    log,
    async config => {
      if (state.fails) throw new Error('this system can’t be measured')
      applied.push(config)
    },
  )
  return { settings, applied, state, user: join(dir, 'user.conf') }
}

t.test('the files, what was set over them, and Netdata’s interval as the lower bound', async t => {
  const { settings, applied } = open(t, 'update_every: 3\nnamespaces:\n  max: 7\n', 2)
  await settings.read()
  t.match(applied.at(-1), { update_every: 3, namespaces: { max: 7 } })
  t.strictSame(await settings.update('{"update_every":1,"namespaces":{"include":"a*"}}'), {})
  t.match(applied.at(-1), { update_every: 2, namespaces: { max: 7, include: 'a*' } })
  t.match(JSON.parse(settings.get()), { update_every: 1 }, 'what was asked for')
})

t.test('nothing is changed where something is wrong', async t => {
  const { settings, applied, state, user } = open(t, 'update_every: 3\n')
  await settings.read()
  const before = settings.get()
  t.match(await settings.update('{"update_every":0}'), { fault: /^update_every: expected .* found 0$/ })
  writeFileSync(user, 'update_every: often\n')
  await settings.read()
  t.strictSame(applied.at(-1), { ...stockConfig, update_every: 3 })
  t.match(state.logged, /user\.conf:1:15: .*\n.*the configuration stays as it was\n/)

  state.fails = true
  await t.rejects(settings.update('{"update_every":5}'), /can’t be measured/)
  writeFileSync(user, 'update_every: 9\n')
  await t.rejects(settings.read(), /can’t be measured/)
  t.equal(settings.get(), before)
  state.fails = false
  t.strictSame(await settings.update('{"namespaces":{"max":1}}'), {}, 'and it goes on from there')
  t.strictSame(JSON.parse(settings.get()), {
    ...stockConfig,
    update_every: 3,
    namespaces: { ...stockConfig.namespaces, max: 1 },
  })
})

t.test('one change after the other, in the order they were asked for', async t => {
  const { settings, applied } = open(t, '')
  await Promise.all([settings.read(), settings.update('{"update_every":4}'), settings.update('{}')])
  t.strictSame(
    applied.map(({ update_every }) => update_every),
    [1, 4, 1],
  )
})
