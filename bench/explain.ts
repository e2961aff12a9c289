import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dist } from '../scripts/build'
import { ensurePackages } from '../scripts/debian-packages'
import { type Made, makeCapture } from './explain/make-capture'
import { makeScan } from './explain/make-scan'
import { type Spent, spentOn } from './explain/spent'
import { median } from './median'
import type { Table } from './table'

// What it costs to explain a capture, next to the tools that people take today: in the same run, on the same file.

const CONNECTIONS = 50_000
const ROUNDS = 3
const MB = 1e6

/** What a person would type. The file is `$1`. */
const TOOLS: readonly { readonly name: string; readonly command: string; readonly needs: string }[] = [
  {
    name: 'tcp-resets explain',
    command: `exec ${join(dist, 'bin', 'tcp-resets')} explain "$1"`,
    needs: 'sh',
  },
  {
    name: 'tcp-resets explain --json',
    command: `exec ${join(dist, 'bin', 'tcp-resets')} explain --json "$1"`,
    needs: 'sh',
  },
  {
    name: "tshark with the guides' fields",
    command: `exec tshark -n -r "$1" -Y tcp.flags.reset==1 -T fields -e frame.time_relative -e ip.src -e tcp.srcport \
-e ip.dst -e tcp.dstport -e tcp.flags.str -e tcp.seq_raw -e ip.ttl -e ip.id -e tcp.stream`,
    needs: 'tshark',
  },
  { name: 'tcptrace', command: 'exec tcptrace -n -l "$1"', needs: 'tcptrace' },
  { name: 'argus and ra', command: 'argus -r "$1" -w - | ra -nn -r - -s +state', needs: 'argus' },
  {
    name: 'tcpdump with an RST filter',
    command: 'exec tcpdump -nn -r "$1" "tcp[13] & 4 != 0"',
    needs: 'tcpdump',
  },
]

const PACKAGES = {
  argus: 'argus-server',
  python3: 'python3',
  ra: 'argus-client',
  tcpdump: 'tcpdump',
  tcptrace: 'tcptrace',
  tshark: 'tshark',
}

export async function bench(): Promise<readonly Table[]> {
  const { missing } = ensurePackages(PACKAGES)
  const folder = mkdtempSync(join(tmpdir(), 'tcp-resets-bench-'))
  try {
    return [besideOthers(folder, missing), straight(folder), bounded(folder)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function besideOthers(folder: string, missing: readonly string[]): Table {
  const path = join(folder, 'capture.pcap')
  const made = makeCapture(path, CONNECTIONS)
  const tools = TOOLS.filter(({ needs }) => !missing.some(name => name.startsWith(needs)))
  const spent = new Map<string, Spent[]>(tools.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, command } of tools) spent.get(name)?.push(spentOn(command, path))
  }
  const cpuOf = (name: string): number => median((spent.get(name) ?? []).map(({ cpu }) => cpu))
  const ours = cpuOf('tcp-resets explain')
  const absent = tools.length === TOOLS.length ? '' : ` Not measured: ${missing.join(', ')} not installed.`
  return {
    title: 'Explaining a capture, next to others',
    note: `${describe(made)} Medians of ${ROUNDS} rounds, one after the other; CPU is user and system time, memory that of
the largest process. Goal: at most a fifth of tshark's CPU, at least 35 MB for a second of CPU, below 200 MB of memory.${absent}`,
    head: ['', 'CPU s', 'MB per CPU s', 'memory MB', 'CPU to tcp-resets'],
    rows: tools.map(({ name }) => {
      const cpu = cpuOf(name)
      const memory = median((spent.get(name) ?? []).map(({ memory }) => memory))
      return [
        name,
        cpu.toFixed(2),
        (made.bytes / MB / cpu).toFixed(1),
        (memory / MB).toFixed(0),
        `${(cpu / ours).toFixed(1)} ×`,
      ]
    }),
  }
}

function describe({ bytes, packets, connections, resets }: Made): string {
  const count = (value: number): string => value.toLocaleString('en-US')
  return `${(bytes / MB).toFixed(0)} MB, ${count(packets)} packets, ${count(connections)} connections, ${count(resets)} resets.`
}

const EXPLAIN = `exec ${join(dist, 'bin', 'tcp-resets')} explain --summary "$1"`

/** Ten times the file is ten times the work, and no more memory. */
function straight(folder: string): Table {
  const rows = [0.1, 1, 10].map(times => {
    const path = join(folder, 'straight.pcap')
    const made = makeCapture(path, Math.round(CONNECTIONS * 1.08 * times))
    const { cpu, memory } = spentOn(EXPLAIN, path)
    rmSync(path)
    return [describe(made), cpu.toFixed(2), (made.bytes / MB / cpu).toFixed(1), (memory / MB).toFixed(0)]
  })
  return {
    title: 'Explaining ever larger captures',
    note: 'Once each. The start of Node is in it.',
    head: ['', 'CPU s', 'MB per CPU s', 'memory MB'],
    rows,
  }
}

const SCANNED = 10_000_000

/** As many connections as anybody can put into a file. */
function bounded(folder: string): Table {
  const path = join(folder, 'scan.pcap')
  const bytes = makeScan(path, SCANNED)
  const { cpu, memory } = spentOn(EXPLAIN, path)
  return {
    title: 'Explaining a capture of SYNs, each of another connection',
    head: ['', 'CPU s', 'MB per CPU s', 'memory MB'],
    rows: [
      [
        `${(bytes / MB).toFixed(0)} MB, ${SCANNED.toLocaleString('en-US')} connections from as many addresses`,
        cpu.toFixed(2),
        (bytes / MB / cpu).toFixed(1),
        (memory / MB).toFixed(0),
      ],
    ],
  }
}
