/** What runs as root in a booted kernel: every reset scenario between two namespaces, and what the plugin charts of it. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { release } from 'node:os'
import { makeHosts } from '../kernel/hosts'
import { type Ran, type Skipped, startRunner } from '../kernel/runner'
import { LETTERS, readTable, TABLE_FILE } from '../kernel/scenario-table'

/** A scenario, and by how much the dimensions of each host's chart rose meanwhile. */
export interface Played {
  readonly result: Ran | Skipped
  readonly charts: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** What the test gets to know, as JSON on the last line that starts with REPORT. */
export interface ScenariosReport {
  readonly kernel: string
  readonly grant: string
  readonly played: readonly Played[]
}

const AS_NETDATA = ['--reuid=201', '--regid=201', '--clear-groups', '--no-new-privs']

/** The plugin, and the values of its charts as they were last said. */
function startPlugin() {
  const plugin = spawn('setpriv', [...AS_NETDATA, '/usr/libexec/tcp_resets.plugin', '1'])
  const values = new Map<string, Record<string, number>>()
  let ticks = 0
  let rest = ''
  let chart: Record<string, number> = {}
  plugin.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [word, name = '', , value] = line.split(' ')
      if (word === 'BEGIN') {
        chart = values.get(name) ?? {}
        values.set(name, chart)
        if (name === 'ipv4.tcp_resets_namespaces') ticks++
      } else if (word === 'SET') chart[name] = Number(value)
    }
  })
  plugin.stderr.pipe(process.stderr)
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await once(plugin.stdout, 'data')
  }
  return {
    /** The values of a chart after a whole tick that began after this call. */
    async tick(): Promise<void> {
      const then = ticks
      await until(() => ticks >= then + 2)
    },
    until,
    values: (name: string) => ({ ...values.get(name) }),
    stop: () => plugin.kill(),
  }
}

async function main(): Promise<void> {
  mkdirSync('/run/netns', { recursive: true })
  const grant = spawnSync('/usr/bin/tcp-resets', ['grant'], { encoding: 'utf8' })
  const hosts = makeHosts()
  const inside = [hosts.a, hosts.b].map(({ namespace }) =>
    spawn('ip', ['netns', 'exec', namespace, 'sleep', '100000'], { stdio: 'ignore' }),
  )
  const charts = { A: `ipv4.tcp_resets_${hosts.a.namespace}`, B: `ipv4.tcp_resets_${hosts.b.namespace}` }
  const runner = startRunner(hosts, TABLE_FILE)
  const plugin = startPlugin()
  const played: Played[] = []
  const { scenarios } = readTable()
  // Only a namespace with TCP traffic gets a chart.
  await runner.run('closed_port4')
  await plugin.until(() => LETTERS.every(letter => 'sent' in plugin.values(charts[letter])))
  await plugin.tick()
  for (const { name } of scenarios) {
    const before = { A: plugin.values(charts.A), B: plugin.values(charts.B) }
    const result = await runner.run(name)
    await plugin.tick()
    const risen = LETTERS.map(letter => {
      const now = Object.entries(plugin.values(charts[letter]))
      return [letter, Object.fromEntries(now.map(([id, value]) => [id, value - (before[letter][id] ?? 0)]))]
    })
    played.push({ result, charts: Object.fromEntries(risen) })
  }
  plugin.stop()
  await runner.stop()
  for (const child of inside) child.kill()
  const report: ScenariosReport = { kernel: release(), grant: grant.stderr, played }
  console.log(`REPORT ${JSON.stringify(report)}`)
}

main().catch(error => {
  console.log(error)
  process.exit(1)
})
