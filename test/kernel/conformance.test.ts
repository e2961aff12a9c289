import { existsSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type ChartsSeen, checkCharts } from './check-charts'
import { makeHosts, whyNoHosts } from './hosts'
import { type PluginReader, readPlugin } from './plugin-reader'
import { type Movement, startRunner } from './runner'
import { expectedCounters, LETTERS, readTable, TABLE_FILE } from './scenario-table'

const PLUGIN = join(__dirname, '../../dist/plugins.d/tcp_resets.plugin')

// 43 scenarios, each of them one of the plugin's ticks long, and a few that wait for a timer of the kernel.
t.setTimeout(180_000)

const why = whyNoHosts()

const pick = (movement: Movement, names: readonly string[]): Record<string, number> =>
  Object.fromEntries(names.map(name => [name, movement[name] ?? 0]))

t.test('scenarios', { skip: why ?? false }, async t => {
  const table = readTable()
  const hosts = makeHosts()
  t.teardown(hosts.remove)
  const runner = startRunner(hosts, TABLE_FILE)
  t.teardown(runner.stop)

  const readers: PluginReader[] = []
  if (existsSync(PLUGIN)) {
    for (const host of [hosts.a, hosts.b]) {
      const reader = readPlugin(host.namespace, PLUGIN, '1')
      t.teardown(reader.stop)
      readers.push(reader)
    }
  } else {
    t.pass('charts', { skip: 'the plugin is not built: npm run build' })
  }
  const tick = () => Promise.all(readers.map(reader => reader.nextTick()))

  let [beforeA, beforeB] = await tick()
  for (const scenario of table.scenarios) {
    await t.test(`${scenario.name}: ${scenario.desc}`, async t => {
      const result = await runner.run(scenario.name)
      if ('skipped' in result) {
        t.plan(0, result.skipped)
        return
      }
      const [afterA, afterB] = await tick()

      t.ok(result.ok, 'acted out', { error: result.error })
      for (const letter of LETTERS) {
        const expected = expectedCounters(table, scenario, letter, release())
        t.strictSame(pick(result.counters[letter], Object.keys(expected)), expected, `counters of ${letter}`)
        t.strictSame(result.wire[letter], scenario.invariant[`wire${letter}`] ?? {}, `wire at ${letter}`)
      }
      if (beforeA && beforeB && afterA && afterB) {
        const charts: ChartsSeen = {
          A: { before: beforeA, after: afterA },
          B: { before: beforeB, after: afterB },
        }
        checkCharts(t, scenario, result, charts)
      }
      ;[beforeA, beforeB] = [afterA, afterB]
    })
  }
})
