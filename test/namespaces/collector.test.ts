import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Config } from '../../plugin/config/config'
import { createLog } from '../../plugin/log'
import { namespacesCollector } from '../../plugin/namespaces/collector'
import { usualMemory } from '../../plugin/usual-memory'
import { makeWorld, noCgroups, noWorld, type World } from './world'

// Real namespaces and resets, but a clock of the test's own: what takes minutes takes no time here. Only that a
// namespace has to be 30 s old is real, since that is told by the kernel.

const SECOND = 1000
const MINUTE = 60 * SECOND
const skip = noWorld ?? false
t.jobs = 4

const configOf = (include: string, max: number): Pick<Config, 'update_every' | 'namespaces'> => ({
  update_every: 1,
  namespaces: { enabled: true, include, exclude: '*-no', max, ring: '' },
})

/** Ticks of a collector that sees the namespaces of one world. */
function setUp(world: World, max: number, include = `${world.prefix}*`) {
  const lines: string[] = []
  const log = createLog({}, line => lines.push(line))
  let now = 0
  const collector = namespacesCollector(
    '',
    configOf(include, max),
    () => now,
    usualMemory(undefined, log),
    log,
  )
  const tick = (after = SECOND): string => {
    now += after
    return [...(collector?.collect() ?? [])].join('')
  }
  /** Ticks until the text of one has what is looked for. */
  const until = async (pattern: RegExp, after = SECOND): Promise<string> => {
    for (let tries = 0; tries < 600; tries++) {
      const text = tick(after)
      if (pattern.test(text)) return text
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    throw new Error(`never: ${pattern}`)
  }
  return { tick, until, lines }
}

const chart = (name: string): RegExp =>
  new RegExp(`^CHART ipv4\\.tcp_resets_${name} .* '' tcp_resets proc$`, 'm')
const obsolete = (name: string): RegExp => new RegExp(`^CHART ipv4\\.tcp_resets_${name} .* 'obsolete' `, 'm')
const value = (name: string, text: string, dimension = 'sent'): string | undefined =>
  new RegExp(
    `^BEGIN ipv4\\.tcp_resets_${name}(?: \\d+)?\\n(?:SET.*\\n)*?SET ${dimension} = (-?\\d+)$`,
    'm',
  ).exec(text)?.[1]

t.test('gone and back, with the counters going on', { skip: noCgroups ?? false }, async t => {
  const world = makeWorld(t)
  const name = `${world.prefix}-a`
  const start = (): Promise<number> => world.startIn(`${name}.service`, name)
  await start()
  await world.start(`${world.prefix}-no`)
  const { tick, until, lines } = setUp(world, 10)
  await until(chart(name))
  await world.reset(name, 5)
  t.equal(value(name, tick()), '5')

  await world.end(name)
  t.equal(value(name, tick()), undefined, 'no value from the first tick on')
  t.notMatch(tick(MINUTE - 2 * SECOND), obsolete(name))
  const text = tick(2 * SECOND)
  t.match(text, obsolete(name))
  t.match(text, new RegExp(`^CHART ipv4\\.tcp_reset_causes_${name} .* 'obsolete' `, 'm'))
  t.notMatch(tick(MINUTE), name)

  await start()
  await world.reset(name, 2)
  t.equal(value(name, tick(5 * SECOND)), '7', 'at once, on top of what there was')

  await world.end(name)
  tick()
  await start()
  await world.reset(name, 9)
  t.equal(value(name, tick(2 * SECOND)), '16', 'also where the new counters are above the old ones by then')
  t.match(tick(), /SET own_chart = 1\n/)
  t.strictSame(lines, [])
})

t.test('one command after another is not the same', { skip }, async t => {
  const world = makeWorld(t)
  const name = `${world.prefix}-a`
  await world.start(name)
  const { tick, until } = setUp(world, 10)
  await until(chart(name))
  await world.reset(name, 5)
  tick()
  await world.end(name)
  tick()
  await world.start(name)
  await world.reset(name, 2)
  // The chart of the first one is there for a minute.
  const text = await until(chart(`${name}_\\d+`), 50)
  t.equal(value(`${name}_\\d+`, text), '2', 'its own counters')
  t.notMatch(text, chart(name))
})

t.test('two containers of a service are two', { skip: noCgroups ?? false }, async t => {
  const world = makeWorld(t)
  // Ids of this test alone: their names are not made from the world's.
  const [first = '', second = ''] = [randomUUID(), randomUUID()].map(id => id.slice(0, -8))
  const [firstName = '', secondName = ''] = [first, second].map(id => `garden_${id.slice(0, 12)}`)
  const service = `${world.prefix}.service/garden`
  const { tick, until } = setUp(world, 10, `${firstName} ${secondName}`)
  await world.startIn(`${service}/${first}`, `${world.prefix}-a`)
  await until(chart(firstName))
  await world.reset(`${world.prefix}-a`, 5)
  tick()
  await world.end(`${world.prefix}-a`)
  tick()
  await world.startIn(`${service}/${second}`, `${world.prefix}-b`)
  await world.reset(`${world.prefix}-b`, 2)
  const text = await until(chart(secondName), 50)
  t.equal(value(secondName, text), '2')
  t.equal(value(firstName, text), undefined)
})

t.test(
  'a name that comes back with another container has its labels',
  { skip: noCgroups ?? false },
  async t => {
    const world = makeWorld(t)
    const name = `${world.prefix}-a`
    const [first, second] = ['a', 'b'].map(digit => digit.repeat(64))
    await world.startIn(`${name}.service/libpod-payload-${first}`, name)
    const { tick, until } = setUp(world, 10)
    t.match(await until(chart(name)), `CLABEL container_id '${first}' 1\n`)
    t.notMatch(tick(), 'CLABEL', 'said once')
    await world.reset(name, 3)
    tick()
    await world.end(name)
    tick()
    await world.startIn(`${name}.service/${second}`, name)
    const text = tick(2 * SECOND)
    t.match(text, `CLABEL container_id '${second}' 1\n`)
    t.match(text, "CLABEL runtime 'container' 1\n", 'its path does not tell the runtime')
    t.equal(value(name, text), '3', 'and goes on')
    t.match(
      text,
      new RegExp(`^BEGIN ipv4\\.tcp_resets_${name} \\d+$`, 'm'),
      'with the time since the last value',
    )
  },
)

t.test('one that is silent has no chart, until it is not', { skip }, async t => {
  const world = makeWorld(t)
  const name = `${world.prefix}-a`
  await world.born(name)
  await world.hush(name)
  const other = `${world.prefix}-b`
  await world.start(other)
  const { tick, until } = setUp(world, 10)
  const text = await until(chart(other))
  t.notMatch(text, chart(name))
  t.match(tick(5 * SECOND), /SET own_chart = 1\n/)
  await world.talk(name)
  t.match(tick(5 * SECOND), chart(name), 'old enough already')
  t.match(tick(), /SET own_chart = 2\n/)
})

t.test('a burst can be the first traffic that there is', { skip }, async t => {
  const world = makeWorld(t)
  const [name, other] = [`${world.prefix}-a`, `${world.prefix}-b`]
  await world.born(name)
  await world.hush(name)
  await world.start(other)
  const { tick, until, lines } = setUp(world, 10)
  await until(chart(other))
  await world.reset(name, 600)
  t.match(tick(5 * SECOND), chart(name))
  t.ok(
    lines.some(line => line.includes('a burst of resets begins (sent') && line.includes(`): ${name}`)),
    lines.join('\n'),
  )
})

t.test('above the maximum: summed, and the busiest get a chart', { skip }, async t => {
  const world = makeWorld(t)
  const [a, b, c] = ['a', 'b', 'c'].map(letter => `${world.prefix}-${letter}`) as [string, string, string]
  for (const name of [a, b, c]) await world.start(name)
  const { tick, until } = setUp(world, 1)
  await until(chart(a))
  await until(/SET own_chart = 1\nSET summed = 2\n/)
  // The places are given out anew once a minute: here, and not while the resets are counted.
  tick(MINUTE)
  for (let at = 0; at < 6; at++) tick()

  await world.reset(b, 3)
  await world.reset(c, 8)
  let text = ''
  for (let at = 0; at < 6; at++) text = tick()
  t.equal(value('others', text), '11')
  t.equal(value('others', text, 'received'), '11')
  t.equal(value(a, text), '0')

  text = tick(MINUTE)
  t.match(text, obsolete(a))
  text = tick()
  t.match(text, chart(c), 'the busiest')
  t.equal(value(c, text), '8')

  for (const name of [b, a]) await world.end(name)
  for (let at = 0; at < 6; at++) text = tick()
  t.match(text, /SET own_chart = 1\nSET summed = 0\n/)
  t.equal(value('others', text), undefined, 'of none there is no sum')
  t.match(tick(MINUTE), obsolete('others'))
})

t.test('two of the same name: the older one has it', { skip }, async t => {
  const world = makeWorld(t)
  const other = makeWorld(t)
  const name = `${world.prefix}-a`
  await world.start(name)
  // The kernel tells a process's start in hundredths of a second, and one of the two has to be the older.
  await new Promise(resolve => setTimeout(resolve, 50))
  await other.start(name)
  await world.reset(name, 1)
  const { until } = setUp(world, 10)
  const text = await until(chart(`${name}_\\d+`))
  t.equal(value(name, text), '1')
  t.equal(value(`${name}_\\d+`, text), '0')
})

t.test('those that are gone are not remembered for ever', { skip: noCgroups ?? false }, async t => {
  const world = makeWorld(t)
  const names = Array.from({ length: 205 }, (_, at) => `${world.prefix}-${at}`)
  const start = (name: string): Promise<number> => world.startIn(`${name}.service`, name)
  for (const name of names) await start(name)
  await world.reset(names[0] ?? '', 4)
  await world.reset(names[204] ?? '', 4)
  const { tick, until } = setUp(world, 300)
  await until(chart(names[204] ?? ''))
  for (const name of names) await world.end(name)
  tick()
  tick(MINUTE)
  tick()
  const [first = '', last = ''] = [names[0], names[204]]
  for (const name of [first, last]) await start(name)
  let text = tick(5 * SECOND)
  t.equal(value(last, text), '4', 'of 200 it is known where they were')
  for (let at = 0; at < 5; at++) text += tick()
  t.notMatch(text, chart(first), 'not of all: this one is new, and too young')
})

t.test('switched off, or no procfs', async t => {
  const log = createLog({}, () => {})
  const config: Pick<Config, 'update_every' | 'namespaces'> = {
    update_every: 1,
    namespaces: { enabled: true, include: '*', exclude: '', max: 1, ring: '' },
  }
  t.equal(
    namespacesCollector(t.testdir({ proc: { net: {} } }), config, () => 0, usualMemory(undefined, log), log),
    undefined,
  )
  t.equal(
    namespacesCollector('/nowhere', config, () => 0, usualMemory(undefined, log), log),
    undefined,
  )
  const off = { ...config, namespaces: { ...config.namespaces, enabled: false } }
  t.equal(
    namespacesCollector('', off, () => 0, usualMemory(undefined, log), log),
    undefined,
  )
})
