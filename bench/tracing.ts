import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CAPACITY, topResets } from '../plugin/tracing/top-resets'
import { dist } from '../scripts/build'
import { type Hosts, makeHosts, PYTHON, whyNoHosts } from '../test/kernel/hosts'
import { asNobody, type Grant, makeGrant, whyNoTracing } from '../test/tracing/grant'
import { toMarkdown } from './table'
import { eventsCost } from './tracing/events'
import { mixedLoadWithEvents } from './tracing/mixed-load'

// What reading the kernel's trace costs and gives, beside tcpdump and bpftrace on the same resets.

const PORT = 4321
const FLOOD = 200_000
const PARTS = 2
const ROUNDS = 5
const PEERS = 1_000_000
const IDLE_SECONDS = 10
const TICKS_PER_SECOND = 100 // USER_HZ, proc(5)

const FLOODER = join(__dirname, '..', 'test', 'tracing', 'flood.py')
const SPOOFER = join(__dirname, 'tracing', 'spoof.py')
const RST = `(tcp[tcpflags] & tcp-rst != 0) and tcp port ${PORT}`
const BPFTRACE = `tracepoint:tcp:tcp_receive_reset /args->dport == ${PORT}/ { @resets = count(); }
BEGIN { printf("ready\\n"); }`

/** A program that counts resets while it runs. */
interface Reader {
  readonly name: string
  readonly pid: number
  /** CPU seconds so far. */
  cpu(): number
  residentMb(): number
  /** Waits until it has counted so many, or counts no more. */
  counted(atLeast: number): Promise<number>
  stop(): Promise<void>
}

export async function tracing(): Promise<void> {
  const why = whyNoTracing() ?? whyNoHosts()
  if (why !== undefined) {
    console.log(`tracing: skipped: ${why}`)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'tcp-resets-bench-'))
  const hosts = makeHosts()
  const grant = makeGrant()
  try {
    table(
      'What it costs the traffic: refused connects a second, as fast as the machine can',
      await traffic(hosts, grant, folder),
    )
    grant.grant()
    countOnlyOurs(grant)
    table(
      `The same ${FLOOD} resets received, all readers at once (the plugin shows addresses and reasons too, of a sample)`,
      await together(hosts, grant, folder),
    )
    table('What the plugin needs', await needs(hosts, grant, folder))
    for (const measure of [eventsCost, mixedLoadWithEvents]) {
      const measured = await measure(folder)
      const text = typeof measured === 'string' ? `In a guest: skipped: ${measured}` : toMarkdown(measured)
      console.log(`\n${text}`)
    }
  } finally {
    await hosts.remove()
    await grant.remove()
    rmSync(folder, { recursive: true })
  }
}

/** @returns seconds that the flood took */
async function flood(hosts: Hosts): Promise<number> {
  const start = performance.now()
  const parts = Array.from({ length: PARTS }, () => {
    const command = [hosts.a.namespace, PYTHON, FLOODER, hosts.b.ipv4, `${PORT}`, `${FLOOD / PARTS}`]
    return spawn('ip', ['netns', 'exec', ...command], { stdio: ['ignore', 'inherit', 'inherit'] })
  })
  await Promise.all(parts.map(part => once(part, 'exit')))
  return (performance.now() - start) / 1000
}

const READERS = { plugin: startPlugin, tcpdump: startTcpdump, bpftrace: startBpftrace }

/** Each case in turn, and all of that again; the best of each, since what the machine does besides only slows it. */
async function traffic(hosts: Hosts, grant: Grant, folder: string): Promise<string[][]> {
  const times = new Map<string, number[]>()
  const measure = async (name: string) => times.set(name, [...(times.get(name) ?? []), await flood(hosts)])
  for (let round = 0; round < ROUNDS; round++) {
    await measure('nobody looks')
    for (const [name, start] of Object.entries({ tcpdump: startTcpdump, bpftrace: startBpftrace })) {
      const reader = await start(hosts)
      await measure(`${name} reads`)
      await reader.stop()
    }
    grant.grant()
    countOnlyOurs(grant)
    await measure('granted, nobody reads')
    const plugin = await startPlugin(hosts, grant, folder)
    await measure('plugin reads')
    await plugin.stop()
    await grant.revoke()
  }
  const alone = Math.min(...(times.get('nobody looks') ?? []))
  const rows = [...times].map(([name, all]) => {
    const seconds = Math.min(...all)
    const more = (((seconds - alone) / FLOOD) * 1e6).toFixed(2)
    return [name, perSecond(seconds), `${((100 * alone) / seconds).toFixed(0)} %`, `${more} µs`]
  })
  return [['', 'resets/s', 'of it alone', 'more for each reset'], ...rows]
}

/** Only the bench's own resets, whatever else goes on: the peers are asked for the same. */
function countOnlyOurs({ dir }: Grant): void {
  writeFileSync(join(dir, 'received/events/tcp/tcp_receive_reset/filter'), `dport == ${PORT}\n`)
}

async function together(hosts: Hosts, grant: Grant, folder: string): Promise<string[][]> {
  const readers: Reader[] = []
  try {
    for (const start of Object.values(READERS)) readers.push(await start(hosts, grant, folder))
    const before = readers.map(reader => reader.cpu())
    const seconds = await flood(hosts)
    const rows = [['', 'counted', 'CPU ms per 1,000 resets', 'RSS MB', `at ${perSecond(seconds)}/s`]]
    for (const [i, reader] of readers.entries()) {
      const counted = await reader.counted(FLOOD)
      const cpu = reader.cpu() - (before[i] ?? 0)
      const residentMb = reader.residentMb().toFixed(0)
      const exact = counted === FLOOD ? 'exact' : `${counted - FLOOD}`
      rows.push([reader.name, `${counted}`, ((cpu * 1e6) / FLOOD).toFixed(3), residentMb, exact])
    }
    return rows
  } finally {
    for (const reader of readers) await reader.stop()
  }
}

async function needs(hosts: Hosts, grant: Grant, folder: string): Promise<string[][]> {
  const idle = async (reader: Reader): Promise<string> => {
    await sleep(3000) // it has started, and settled
    const before = reader.cpu()
    await sleep(IDLE_SECONDS * 1000)
    return `${(((reader.cpu() - before) / IDLE_SECONDS) * 1000).toFixed(1)} ms CPU a second`
  }
  const without = await startPlugin(hosts, undefined, folder)
  const idleWithout = await idle(without)
  const residentWithout = without.residentMb()
  await without.stop()

  // What others on this machine reset is not idle: for as long as this is measured, nothing matches.
  const filter = join(grant.dir, 'sent/events/tcp/tcp_send_reset/filter')
  writeFileSync(filter, 'state == 99\n')
  const reader = await startPlugin(hosts, grant, folder)
  const idleWith = await idle(reader)
  writeFileSync(filter, '0\n')
  const resident = reader.residentMb()
  for (const args of [
    ['sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.veth0.rp_filter=0'],
    ['ip', 'route', 'add', 'default', 'via', hosts.a.ipv4, 'dev', 'veth0'],
  ]) {
    execFileSync('ip', ['netns', 'exec', hosts.b.namespace, ...args])
  }
  const cpuBefore = reader.cpu()
  const start = performance.now()
  const spoofer = spawn(
    'ip',
    ['netns', 'exec', hosts.a.namespace, PYTHON, SPOOFER, hosts.b.ipv4, `${PORT}`, `${PEERS}`],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  await once(spoofer, 'exit')
  const seconds = (performance.now() - start) / 1000
  await sleep(2000)
  const busy = (((reader.cpu() - cpuBefore) / seconds) * 1000).toFixed(0)
  const residentAfter = reader.residentMb()
  await reader.stop()

  return [
    ['', 'without the grant', 'with it'],
    ['idle', idleWithout, idleWith],
    ['RSS', `${residentWithout.toFixed(1)} MB`, `${resident.toFixed(1)} MB`],
    [`RSS after ${PEERS} peers at ${perSecond(seconds, PEERS)}/s`, '', `${residentAfter.toFixed(1)} MB`],
    ['CPU meanwhile', '', `${busy} ms a second`],
    [`the table alone, after ${PEERS} peers that were all read`, '', `${sketchMb().toFixed(1)} MB`],
  ]
}

/** Heap of the table alone, with every one of the peers in it. */
function sketchMb(): number {
  const top = topResets()
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  // Until it is as full as it ever gets.
  const count = PEERS - (PEERS % (2 * CAPACITY)) - 1
  for (let i = 0; i < count; i++) {
    const peer = `${240 + (i >> 24)}.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
    top.add({ direction: 'sent', reason: 'NO_SOCKET', localPort: PORT, peer, family: 'IPv4' }, 1, i / 100)
  }
  globalThis.gc?.()
  const grown = process.memoryUsage().heapUsed - before
  if (top.rows(count / 100).length === 0) throw new Error('nothing was remembered')
  return grown / 1e6
}

async function startPlugin(_hosts: Hosts, grant: Grant | undefined, folder: string): Promise<Reader> {
  writeFileSync(join(folder, 'tcp_resets.conf'), grant?.config ?? 'tracing:\n  enabled: false\n')
  execFileSync('chmod', ['755', folder])
  const [command, args] = asNobody(join(dist, 'plugins.d', 'tcp_resets.plugin'), '1')
  const env = { PATH: process.env.PATH, NETDATA_USER_CONFIG_DIR: folder, NETDATA_LOG_LEVEL: 'notice' }
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let received = 0
  let text = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text = (text + chunk).slice(-20_000)
    // The last values of the chart's two dimensions.
    received = [...text.matchAll(/^SET (ipv[46]_received) = (\d+)$/gm)]
      .slice(-2)
      .reduce((sum, match) => sum + Number(match[2]), 0)
  })
  await until(() => /^END$/m.test(text))
  return reader('plugin', child, child.pid as number, async atLeast => {
    const first = received
    await until(() => received >= atLeast, 15_000)
    // One tick more: what is too many shows.
    await sleep(1100)
    return first > atLeast ? first : received
  })
}

async function startTcpdump(hosts: Hosts): Promise<Reader> {
  const args = ['netns', 'exec', hosts.a.namespace, 'tcpdump', '-i', 'veth0', '-Q', 'in', '-B', '4096', '-nn']
  const child = spawn('ip', [...args, '-w', '/dev/null', RST], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', chunk => {
    said += chunk
  })
  await until(() => said.includes('listening on'))
  return reader('tcpdump -w', child, child.pid as number, async () => {
    child.kill('SIGUSR1') // says its counts, and goes on
    await until(() => /packets? captured/.test(said))
    return Number(/(\d+) packets? captured/.exec(said)?.[1])
  })
}

async function startBpftrace(_hosts: Hosts): Promise<Reader> {
  // It looks for tracefs in its usual place: mounted there for this process alone.
  const script = 'mount -t tracefs tracefs /sys/kernel/tracing && exec bpftrace -B line -e "$1"'
  const child = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', BPFTRACE], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', chunk => {
    said += chunk
  })
  await until(() => said.includes('ready') || child.exitCode !== null, 30_000)
  return reader('bpftrace', child, child.pid as number, async () => {
    child.kill('SIGUSR1') // prints its maps, and goes on
    await until(() => said.includes('@resets:'), 5000)
    return Number(/@resets: (\d+)/.exec(said)?.[1] ?? Number.NaN)
  })
}

function reader(
  name: string,
  child: ChildProcess,
  pid: number,
  counted: (atLeast: number) => Promise<number>,
): Reader {
  const ended = once(child, 'exit')
  return {
    name,
    pid,
    counted,
    cpu() {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    },
    residentMb() {
      return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
    },
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 3000)
      await ended
      clearTimeout(late)
    },
  }
}

async function until(true_: () => boolean, patience = 10_000): Promise<void> {
  for (const end = Date.now() + patience; !true_() && Date.now() < end; ) await sleep(20)
}

function perSecond(seconds: number, count = FLOOD): string {
  return Math.round(count / seconds).toLocaleString('en')
}

function table(title: string, rows: readonly (readonly string[])[]): void {
  const [head = [], ...body] = rows
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  console.log(`\n### ${title}\n\n${[line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')}`)
}

if (require.main === module) void tracing()
