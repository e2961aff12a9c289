/** What runs as root in a booted kernel: every reset scenario between two namespaces, and what the plugin charts of it. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { release } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { type Host, type Hosts, makeHosts, PYTHON } from '../kernel/hosts'
import { type Letter, type Ran, type Skipped, startRunner } from '../kernel/runner'
import { LETTERS, readTable, TABLE_FILE } from '../kernel/scenario-table'
import { expectedRise } from './expected'
import { type GuestPlugin, startPlugin, type Values } from './guest-plugin'

type PerHost = Readonly<Record<Letter, Values>>

/** A scenario, and by how much the dimensions of each host's chart rose meanwhile. */
export interface Played {
  readonly result: Ran | Skipped
  readonly charts: PerHost
}

/** What the test gets to know, as JSON on the last line that starts with REPORT. */
export interface ScenariosReport {
  readonly kernel: string
  readonly grant: string
  readonly played: readonly Played[]
  /** Of a flood from A to a closed port of B, beside bulk traffic. */
  readonly flooded: { readonly wire: PerHost; readonly charts: PerHost; readonly bulkBytes: number }
}

const FLOOD = 20_000
const BULK_PORT = 5001
const SETTLING_TICKS = 5

const perHost = (of: (letter: Letter) => Values): PerHost => ({ A: of('A'), B: of('B') })

function rise(before: Values, now: Values): Values {
  return Object.fromEntries(Object.entries(now).map(([id, value]) => [id, value - (before[id] ?? 0)]))
}

/** Resets that nftables has seen. */
function wire({ namespace }: Host): Values {
  const list = ['-j', 'list', 'counters', 'table', 'inet', 'truth']
  const { stdout } = spawnSync('ip', ['netns', 'exec', namespace, 'nft', ...list], { encoding: 'utf8' })
  const counters: { counter?: { name: string; packets: number } }[] = JSON.parse(stdout).nftables
  const sum = (start: string): number =>
    counters.reduce((sum, { counter }) => sum + (counter?.name.startsWith(start) ? counter.packets : 0), 0)
  return { sent: sum('rst_out'), received: sum('rst_in') }
}

/** Takes what it is sent, and says at its end how much that was. */
function sink(): void {
  let bytes = 0
  createServer(socket => {
    socket
      .on('error', () => {})
      .on('data', data => {
        bytes += data.length
      })
  }).listen(BULK_PORT, () => writeSync(1, 'ready\n'))
  process.on('SIGTERM', () => {
    writeSync(1, `${bytes}\n`)
    process.exit()
  })
}

/** Sends as fast as it can. */
function source(address = ''): void {
  const socket = connect(BULK_PORT, address)
  const data = Buffer.alloc(64 * 1024)
  const more = (): void => {
    while (socket.write(data));
  }
  socket
    .on('connect', more)
    .on('drain', more)
    .on('error', () => {})
}

async function flood(
  { a, b }: Hosts,
  plugin: GuestPlugin,
  charts: Readonly<Record<Letter, string>>,
): Promise<ScenariosReport['flooded']> {
  const inside = ({ namespace }: Host, ...command: string[]) =>
    spawn('ip', ['netns', 'exec', namespace, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  const hosts = { A: a, B: b }
  const sinking = inside(b, process.execPath, __filename, 'sink')
  let said = ''
  sinking.stdout.setEncoding('utf8').on('data', text => {
    said += text
  })
  await once(sinking.stdout, 'data')
  const wireBefore = perHost(letter => wire(hosts[letter]))
  const before = perHost(letter => plugin.values(charts[letter]))
  const sending = inside(a, process.execPath, __filename, 'source', b.ipv4)
  await once(inside(a, PYTHON, `${__dirname}/flood.py`, b.ipv4, '9', `${FLOOD}`), 'close')
  const ended = Promise.all([once(sending, 'close'), once(sinking, 'close')])
  sending.kill()
  sinking.kill()
  await ended
  // What waits in the buffers counts when it is read.
  for (let ticks = 0; ticks < SETTLING_TICKS; ticks++) await plugin.tick()
  return {
    wire: perHost(letter => rise(wireBefore[letter], wire(hosts[letter]))),
    charts: perHost(letter => rise(before[letter], plugin.values(charts[letter]))),
    bulkBytes: Number(said.split('\n')[1]),
  }
}

async function main(): Promise<void> {
  mkdirSync('/run/netns', { recursive: true })
  const hosts = makeHosts()
  const inside = [hosts.a, hosts.b].map(({ namespace }) =>
    spawn('ip', ['netns', 'exec', namespace, 'sleep', '100000'], { stdio: 'ignore' }),
  )
  // Meanwhile they become old enough for a chart.
  const grant = spawnSync('/usr/bin/tcp-resets', ['grant'], { encoding: 'utf8' })
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
    const risen = (letter: Letter): Values => rise(before[letter], plugin.values(charts[letter]))
    // What is too much and comes later is seen at the next one.
    const isAsExpected = (): boolean =>
      'wire' in result &&
      LETTERS.every(letter => isDeepStrictEqual(risen(letter), expectedRise(result, letter)))
    await plugin.tick(isAsExpected)
    played.push({ result, charts: perHost(risen) })
  }
  await runner.stop()
  const flooded = await flood(hosts, plugin, charts)
  plugin.stop()
  for (const child of inside) child.kill()
  const report: ScenariosReport = { kernel: release(), grant: grant.stderr, played, flooded }
  console.log(`REPORT ${JSON.stringify(report)}`)
}

const ACTS: Readonly<Record<string, (address?: string) => void>> = { sink, source }
const [act = '', address] = process.argv.slice(2)

Promise.resolve((ACTS[act] ?? main)(address)).catch(error => {
  console.log(error)
  process.exit(1)
})
