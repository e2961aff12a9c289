import t from 'tap'
import { findNetdata } from '../../scripts/private-agent'
import { complaintsIn, stopAndRead } from '../netdata/complaints'
import { chartOf, charts, rowsOf, total, untilTotal, watchWorld } from './watched-world'
import { noCgroups, type World } from './world'

// Namespaces that go and come back, in a real agent. Takes over 100 s: 30 until there is a chart, 60 until it goes.

const skip = noCgroups ?? (findNetdata() === undefined && 'needs Netdata')
const RETIRED = 90_000

/** As a service, which is the same after a restart. A command is not. */
const start = (world: World, name: string): Promise<number> => world.startIn(`${name}.service`, name)

t.test('gone: a gap, no zero, obsolete after a minute; back: it goes on', { skip }, async t => {
  const { world, agent, names } = await watchWorld(t, 3, '', start)
  const [soon = '', late = '', never = ''] = names
  const causesOf = (name: string): string => `ipv4.tcp_reset_causes_${name}`
  for (const [at, name] of names.entries()) {
    await world.reset(name, 10 + at)
    await untilTotal(agent, chartOf(name), 'sent', 10 + at)
  }
  for (const name of names) await world.end(name)
  const gone = Date.now() / 1000

  await start(world, soon)
  await agent.waitFor('it is collected again', async () => {
    const [newest] = await rowsOf(agent, chartOf(soon), 'sent')
    return (newest !== undefined && newest[0] > gone + 2 && newest[1] !== null) || undefined
  })
  await world.reset(soon, 4)
  t.ok(await untilTotal(agent, chartOf(soon), 'sent', 14), 'back within the minute it goes on')

  t.ok((await charts(agent))[chartOf(late)], 'one that is gone keeps its chart for a while')
  const values = (await rowsOf(agent, chartOf(late), 'sent')).filter(
    ([time, value]) => time > gone + 1 && value !== null,
  )
  t.strictSame(values, [], 'with no value, not even 0')

  await agent.waitFor(
    'the charts are obsolete',
    async () => {
      const there = await charts(agent)
      return (!there[chartOf(late)] && !there[chartOf(never)]) || undefined
    },
    RETIRED,
  )
  t.ok(Date.now() / 1000 - gone > 55, 'obsolete after a minute')
  t.notOk((await charts(agent))[causesOf(late)], 'and so are its causes')
  t.ok((await charts(agent))[chartOf(soon)], 'the one that came back is not')

  await start(world, late)
  await agent.waitFor('the chart is there again', async () => (await charts(agent))[chartOf(late)], 120_000)
  await world.reset(late, 6)
  t.ok(
    await untilTotal(agent, chartOf(late), 'sent', 17),
    'back after its chart was obsolete it goes on, too',
  )
  t.equal(await total(agent, chartOf(late), 'received'), 17)
  t.ok((await charts(agent))[causesOf(late)], 'with its causes')
  t.notOk((await charts(agent))[chartOf(never)])

  t.strictSame(complaintsIn(await stopAndRead(agent)), [], 'the agent has nothing to complain about')
})
