import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { findNetdata } from '../../scripts/private-agent'
import { complaintsIn, stopAndRead } from '../netdata/complaints'
import { chartOf, rowsOf, total, untilTotal, watchWorld } from './watched-world'
import { noWorld } from './world'

// Real namespaces in a real agent, whose plugin runs as an unprivileged user.

const skip = noWorld ?? (findNetdata() === undefined && 'needs Netdata')

/** Quicker than our own alarms, which need over a minute: what is tried is that each chart has one of its own. */
const QUICK_ALARM = `
 template: quick_sent
       on: ipv4.tcp_resets
   lookup: average -5s unaligned of sent
    units: resets/s
    every: 1s
     warn: $this > 20
`

/** The files of other network namespaces that a process has open for longer than it takes to read them. */
async function heldOpen(pid: number): Promise<string[]> {
  const open = (): string[] =>
    readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      try {
        const link = readlinkSync(`/proc/${pid}/fd/${fd}`)
        return /^\/proc\/\d+\/net\//.test(link) && !link.startsWith(`/proc/${pid}/`) ? [`${fd} ${link}`] : []
      } catch {
        return [] // closed by now
      }
    })
  const before = open()
  // Longer than a tick's reading takes: that a file stays open has no event.
  await sleep(100)
  return open().filter(link => before.includes(link))
}

t.test('each namespace has a chart of its own resets, and an alarm of its own', { skip }, async t => {
  const { world, agent, names, pids } = await watchWorld(t, 12, QUICK_ALARM)
  const [first = '', second = '', third = '', fourth = ''] = names
  const plugin = agent.pluginPid() ?? 0

  t.notMatch(readFileSync(`/proc/${plugin}/status`, 'utf8'), /^Uid:\t0/m, 'by an unprivileged user')
  t.match(await agent.waitForChart(chartOf(first)), {
    context: 'ipv4.tcp_resets',
    chart_labels: { namespace: first, runtime: 'process', source: 'proc', received: 'estimated' },
  })
  t.match(await agent.waitForChart(`ipv4.tcp_reset_causes_${first}`), {
    context: 'ipv4.tcp_reset_causes',
    chart_labels: { namespace: first },
  })
  t.match(await agent.waitForChart('ipv4.tcp_resets'), { chart_labels: { namespace: 'host' } })

  await t.test('exactly its own', async t => {
    for (const [at, name] of names.entries()) await world.reset(name, at * 3)
    for (const [at, name] of names.entries()) {
      for (const dimension of ['sent', 'received']) {
        t.ok(await untilTotal(agent, chartOf(name), dimension, at * 3), `${at * 3} ${dimension}`)
      }
    }
    t.equal(await total(agent, 'ipv4.tcp_resets', 'sent'), 0, 'none among those of the agent’s own namespace')
  })

  await t.test('the alarm of one goes up, and no other', async t => {
    await world.reset(second, 300)
    const raised = await agent.waitFor('an alarm', async () => {
      const { alarms } = (await agent.json('/api/v1/alarms')) as { alarms: Record<string, { chart: string }> }
      const charts = Object.values(alarms).map(({ chart }) => chart)
      return charts.length > 0 ? charts : undefined
    })
    t.strictSame(raised, [chartOf(second)])
    const { alarms } = (await agent.json('/api/v1/alarms?all')) as {
      alarms: Record<string, { name: string; chart: string }>
    }
    const chartsWith = (alarm: string): string[] =>
      Object.values(alarms)
        .filter(({ name }) => name === alarm)
        .map(({ chart }) => chart)
        .sort()
    const all = ['ipv4.tcp_resets', ...names.map(chartOf)].sort()
    t.strictSame(chartsWith('10s_ipv4_tcp_resets_sent'), all)
    t.strictSame(chartsWith('tcp_resets_last_collected_secs'), ['netdata.uptime'], 'none of one that can go')
  })

  await t.test('its first process ends and others stay: it goes on', async t => {
    const before = await total(agent, chartOf(third), 'sent')
    pids.set(third, await world.outlive(third))
    await world.reset(third, 5)
    t.ok(await untilTotal(agent, chartOf(third), 'sent', before + 5))
    const newest = (await rowsOf(agent, chartOf(third), 'sent')).slice(1, 8).map(([, value]) => value)
    t.notOk(newest.includes(null), `without a gap: ${newest}`)
  })

  await t.test('nothing keeps a namespace that was deleted', async t => {
    const watcher = pids.get(fourth)
    // One end of a pair goes with its namespace, and the other one with it: at once, unless something holds it.
    const isGone = (link: string) => !readFileSync(`/proc/${watcher}/net/dev`, 'latin1').includes(`${link}:`)
    const addPair = (link: string, name: string) =>
      execFileSync('ip', [
        ...['link', 'add', link, 'netns', `${watcher}`, 'type', 'veth'],
        ...['peer', 'name', 'peer', 'netns', `${pids.get(name)}`],
      ])
    for (const [at, name] of names.slice(4, 9).entries()) {
      const link = `v${at}`
      addPair(link, name)
      t.strictSame(await heldOpen(plugin), [], 'no file of another namespace is open between two ticks')
      await world.end(name)
      const end = Date.now()
      await agent.waitFor(`${link} is gone`, () => isGone(link) || undefined, 2000)
      t.comment(`freed after ${Date.now() - end} ms`)
    }

    const name = names[9] ?? ''
    addPair('held', name)
    const fd = openSync(`/proc/${pids.get(name)}/net/snmp`, 'r')
    await world.end(name)
    // Five times as long as those above took: that nothing happens has no event.
    await sleep(500)
    t.notOk(isGone('held'), 'an open file would have kept it')
    closeSync(fd)
    await agent.waitFor('it is gone', () => isGone('held') || undefined, 2000)
  })

  t.strictSame(complaintsIn(await stopAndRead(agent)), [], 'the agent has nothing to complain about')
})
