import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dist } from '../../scripts/build'
import { type Agent, findNetdata, startAgent } from '../../scripts/private-agent'
import { type StandIn, standInNetstat, withCounters } from '../stand-in-netstat'
import { complaintsIn, stopAndRead } from './complaints'

// The built plugin as it runs on FreeBSD, in a real agent. The agent itself runs on Linux, so `os: linux` lets alarms
// through that FreeBSD would not see: what it says about them is seen here, too.

const skip = findNetdata() === undefined && 'needs Netdata'

/** The drop-in tree with the plugin as it is on FreeBSD, and its alarms as an agent on `os` takes them. */
function tree(netstat: StandIn, os: 'linux' | 'freebsd'): string {
  const tree = join(netstat.bin, '..', 'dist')
  for (const dir of ['conf.d', 'health.d', 'web'])
    cpSync(join(dist, dir), join(tree, dir), { recursive: true })
  mkdirSync(join(tree, 'plugins.d'))
  cpSync(netstat.plugin, join(tree, 'plugins.d', 'tcp_resets.plugin'))
  const health = join(tree, 'health.d', 'tcp_resets.conf')
  const text = readFileSync(health, 'utf8')
  // The agent here asks whether `linux` is in the list; on FreeBSD it asks for `freebsd`.
  const swapped = text.replace(/^(\s*os: )(.*)$/gm, (_, key, list) => {
    const names: string[] = list.trim().split(/\s+/)
    return `${key}${names.includes(os) ? 'linux' : 'none'}`
  })
  writeFileSync(health, swapped)
  return tree
}

interface Alarm {
  name: string
  chart: string
  status: string
  value: number | null
}

const alarmsOf = async (agent: Agent): Promise<Alarm[]> => {
  const { alarms } = (await agent.json('/api/v1/alarms?all')) as { alarms: Record<string, Alarm> }
  return Object.values(alarms).filter(({ name }) => name.includes('tcp_resets'))
}

/** How many of the shipped rules are about resets sent. */
const SENT_RULES =
  readFileSync(join(dist, 'health.d', 'tcp_resets.conf'), 'utf8').split(/template: \S+_sent\n/).length - 1

for (const os of ['freebsd', 'linux'] as const) {
  t.test(`alarms for ${os} where there is no sent`, { skip }, async t => {
    const netstat = standInNetstat(t)
    let drops = 1021
    const agent = await startAgent({ dist: tree(netstat, os), user: 'root', stockCollectors: false })
    t.teardown(() => agent.stop())
    const chart = await agent.waitForChart('ipv4.tcp_resets')
    t.match(chart, {
      context: 'ipv4.tcp_resets',
      family: 'tcp',
      units: 'resets/s',
      dimensions: { received: { name: 'received' } },
      chart_labels: { namespace: 'host', source: 'netstat', received: 'estimated' },
    })
    t.strictSame(Object.keys(chart.dimensions), ['received'])
    t.strictSame(Object.keys((await agent.waitForChart('ipv4.tcp_reset_causes')).dimensions), [
      'received_half_open',
      'received_ignored',
      'listen_overflow',
      'sent_after_close',
      'sent_persist_timeout',
      'sent_timeout_at_least',
    ])

    const ticker = setInterval(() => {
      drops += 100
      netstat.prints(withCounters({ 'connection-drops': drops }))
    }, 250)
    t.teardown(() => clearInterval(ticker))
    const received = await agent.waitFor(
      'the alarm on received has a value',
      async () => {
        const all = await alarmsOf(agent)
        return all.find(({ name, value }) => name === '10s_ipv4_tcp_resets_received' && (value ?? 0) > 100)
      },
      120_000,
    )
    t.equal(received.chart, 'ipv4.tcp_resets')
    const alarms = await alarmsOf(agent)
    const sent = alarms.filter(({ name }) => name.endsWith('_sent'))
    if (os === 'freebsd') t.strictSame(sent, [], 'not even there')
    else {
      t.equal(sent.length, SENT_RULES, 'all of the file')
      for (const alarm of sent)
        t.match(alarm, { value: null, status: /^(UNINITIALIZED|CLEAR)$/ }, 'never raised')
    }

    t.strictSame(complaintsIn(await stopAndRead(agent)), [], 'the agent has nothing to complain about')
  })
}
