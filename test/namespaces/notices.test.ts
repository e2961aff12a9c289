import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { healthFileFor } from '../../cli/install/health-form'
import { dist } from '../../scripts/build'
import { findNetdata, startAgent } from '../../scripts/private-agent'
import { argumentsOf, isOld } from '../netdata/notifier'
import { chartOf } from './watched-world'
import { makeWorld, noWorld } from './world'

// One cause in many containers, and how many hear of it: real namespaces and resets, a real agent, and what it hands to
// its notifier.

const netdata = findNetdata()
const skip = noWorld ?? (netdata === undefined && 'needs Netdata')

interface Notice {
  readonly name: string
  readonly chart: string
  readonly status: string
  readonly info: string
  /** The arguments that the agent gave its notifier. */
  readonly words: readonly string[]
}

t.test('one cause in six containers: one notice at its start and one at its end', { skip }, async t => {
  if (netdata === undefined) return
  const world = makeWorld(t)
  const netns = `tcp-resets-${process.pid}-notices`
  execFileSync('ip', ['netns', 'add', netns])
  t.teardown(() => execFileSync('ip', ['netns', 'del', netns]))
  const folder = t.testdir({ notices: '' })
  const [program, record] = [join(folder, 'record.sh'), join(folder, 'notices')]
  writeFileSync(program, `#!/bin/sh\n(IFS='|'; echo "$*") >>'${record}'\n`)
  chmodSync(program, 0o755)
  const ringing = `${world.prefix}-6`
  const health = readFileSync(join(dist, ...healthFileFor(netdata.stockConf)), 'utf8')
  const agent = await startAgent({
    dist,
    netns,
    stockCollectors: false,
    user: 'root', // who else may not get at the record
    onAlarm: program,
    config: { health: { 'run at least every seconds': '1' } },
    files: {
      'tcp_resets.conf': `namespaces:\n  include: '${world.prefix}*'\n  ring: '${ringing}'\n`,
      'health.d/tcp_resets.conf': health.replaceAll('delay: down 30m', 'delay: down 5s'),
    },
  })
  t.teardown(() => agent.stop())
  await agent.waitForChart('ipv4.tcp_resets')
  const names = Array.from({ length: 7 }, (_, at) => `${world.prefix}-${at}`)
  for (const name of names) await world.start(name)
  for (const name of names) await agent.waitForChart(chartOf(name), 90_000)

  const notices = (): Notice[] =>
    readFileSync(record, 'utf8')
      .split('\n')
      .flatMap(line => {
        const words = line.split('|')
        const [to = '', , , , , , name = '', chart = ''] = words
        const status = words.find(word => /^(WARNING|CLEAR)$/.test(word))
        const info = words.find(word => word.includes('Guide: '))
        return status && info && to !== 'silent' ? [{ name, chart, status, info, words }] : []
      })
  await agent.waitFor('both were told', async () => {
    for (const name of names) await world.reset(name, 60)
    return notices().length >= 2 || undefined
  })
  const raised = notices()
  await agent.waitFor('that it is over, too', () => notices().length >= 4 || undefined, 120_000)
  const alarms = Object.values(
    ((await agent.json('/api/v1/alarms?all')) as { alarms: Record<string, Record<string, unknown>> }).alarms,
  ).filter(({ chart }) => chart === chartOf(names[0] ?? ''))
  t.strictSame(
    alarms.filter(({ name }) => /^(10s|5m)_/.test(`${name}`)).map(({ recipient }) => recipient),
    ['silent', 'silent', 'silent', 'silent'],
    'each has its alarms, and they are silent',
  )
  const told = (one: (notice: Notice) => string) => raised.map(one).sort()
  t.strictSame(
    told(({ name, chart, status }) => `${status} ${name} ${chart}`),
    [
      'WARNING tcp_resets_in_containers ipv4.tcp_reset_raised',
      `WARNING tcp_resets_in_containers ipv4.tcp_reset_raised_${ringing}`,
    ],
  )
  for (const { words, ...notice } of raised) {
    const order = argumentsOf({ ...notice, summary: '' }, isOld(netdata))
    t.equal(words.length, order.length, 'as many arguments as the tests of each sender have')
    for (const known of [notice.name, notice.chart, notice.status, notice.info])
      t.equal(words.indexOf(known), order.indexOf(known), `and in their order: ${known}`)
  }
  const most = told(({ info }) => info.replace(/ - TCP resets in containers.*/, ''))
  t.match(
    most.find(text => text.startsWith(`${ringing} `)),
    /^\S+ (sends|receives) \d+\/s$/,
    'the one alone',
  )
  const other = `${world.prefix}-[0-5] (sends|receives) \\d+\\/s`
  t.match(
    most.find(text => !text.startsWith(`${ringing} `)),
    new RegExp(`^${other} and ${other} and ${other} and 3 more$`),
    'the worst of the others, and how many more',
  )
  t.strictSame(
    notices()
      .slice(2)
      .map(({ status }) => status),
    ['CLEAR', 'CLEAR'],
    'one more for each when it is over, and no other',
  )
})
