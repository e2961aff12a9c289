import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { savedSettings } from '../../cli/agent/saved-settings'
import { stockConfig } from '../../plugin/config/generated/stock'
import { parseConfig } from '../../plugin/config/parse'
import { dist } from '../../scripts/build'
import { type Agent, startAgent } from '../../scripts/private-agent'
import { startStreamParent } from '../tracing/stream-parent'
import { complaintsIn } from './complaints'
import { noAgentSince2, whichAgent } from './which-agent'

// The settings and SIGHUP in a real agent. What changes settings has to be signed in; a streaming parent is taken for that.

interface Teardown {
  teardown(fn: () => unknown): unknown
}

const SETTINGS = 'config tcp_resets:settings'

async function start(t: Teardown, file: string, files: Record<string, string> = {}): Promise<Agent> {
  const agent = await startAgent({
    dist,
    stockCollectors: false,
    files: { 'tcp_resets.conf': file, ...files },
    config: { logs: { level: 'info' } },
  })
  t.teardown(agent.stop)
  await agent.waitForChart('ipv4.tcp_resets')
  return agent
}

async function startWithParent(t: Teardown, file: string) {
  const { call, config, stop } = await startStreamParent()
  t.teardown(stop)
  return { agent: await start(t, file, { 'stream.conf': config }), call }
}

/** Waits until the host's chart has an interval in seconds. */
const hasInterval = (agent: Agent, seconds: number): Promise<unknown> =>
  agent.waitFor(`an interval of ${seconds} s`, async () => {
    const chart = await agent.waitForChart('ipv4.tcp_resets')
    return chart.update_every === seconds || undefined
  })

t.test('SIGHUP does not end the plugin', { skip: whichAgent() === undefined && 'needs Netdata' }, async t => {
  const agent = await start(t, 'update_every: 2\n')
  const pid = agent.pluginPid() ?? t.fail('the plugin runs')
  writeFileSync(join(agent.dir, 'etc/tcp_resets.conf'), 'update_every: 1\n')
  process.kill(Number(pid), 'SIGHUP')
  await hasInterval(agent, 1)
  t.equal(agent.pluginPid(), pid, 'the same process goes on')
  t.strictSame(complaintsIn(agent.log()), [])
})

t.test(
  'an agent before 2 hears nothing of settings',
  { skip: whichAgent() !== '1' && 'needs an agent before 2' },
  async t => {
    const { agent, call } = await startWithParent(t, '')
    t.not((await call(`${SETTINGS} get`)).status, 200)
    t.ok(agent.pluginPid(), 'the plugin goes on')
    const usual = /STREAM .* not ready/
    t.strictSame(
      complaintsIn(agent.log()).filter(line => !usual.test(line)),
      [],
    )
  },
)

t.test('settings of the dashboard', { skip: noAgentSince2 }, async t => {
  const { agent, call } = await startWithParent(t, 'update_every: 1\nnamespaces:\n  max: 7\n')
  const get = async (): Promise<unknown> => JSON.parse((await call(`${SETTINGS} get`)).body)
  const inFile = { ...stockConfig, update_every: 1, namespaces: { ...stockConfig.namespaces, max: 7 } }
  t.strictSame(await get(), inFile)
  t.match(JSON.parse((await call(`${SETTINGS} schema`)).body), {
    jsonSchema: { properties: { update_every: { type: 'integer', default: 1 } } },
    uiSchema: { tracing: Object },
  })
  const asFile = await call(`${SETTINGS} userconfig tcp_resets`, undefined, '{"update_every": 3}')
  t.equal(asFile.status, 200)
  const parsed = parseConfig(asFile.body)
  t.match('config' in parsed && parsed.config, { update_every: 3 })
  t.strictSame(complaintsIn(agent.log()), [])

  const refused = await call(`${SETTINGS} update`, undefined, '{"update_every": 0, "namespaces": {"max": 3}}')
  t.equal(refused.status, 400)
  t.match(refused.body, /update_every: expected a whole number of seconds from 1 to 3600, found 0/)
  t.strictSame(await get(), inFile, 'a bad update leaves all as it was')
  t.equal(await savedSettings({ lib: join(agent.dir, 'lib') }), undefined, 'and is not kept')

  const pid = agent.pluginPid()
  const done = await call(`${SETTINGS} update`, undefined, '{"update_every": 2, "namespaces": {"max": 3}}')
  t.equal(done.status, 200)
  await hasInterval(agent, 2)
  t.match(await get(), { update_every: 2, namespaces: { max: 3 } })
  t.equal(agent.pluginPid(), pid, 'the plugin was not started again')
  const kept = await agent.waitFor('what was set is kept', () =>
    savedSettings({ lib: join(agent.dir, 'lib') }),
  )
  t.strictSame(kept.config, { update_every: 2, namespaces: { max: 3 } })

  process.kill(Number(pid), 'SIGTERM')
  await agent.waitFor('another process', () => {
    const now = agent.pluginPid()
    return (now !== undefined && now !== pid) || undefined
  })
  await agent.waitFor('what was set comes again', async () => {
    const now = (await get()) as { update_every?: number }
    return now.update_every === 2 || undefined
  })
  t.match(agent.log(), /they override the files in update_every, namespaces\.max/)
})
