import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { resetsOut } from '../../test/kernel/check-charts'
import { type Hosts, PYTHON } from '../../test/kernel/hosts'
import type { Letter, Movement } from '../../test/kernel/runner'
import { LETTERS } from '../../test/kernel/scenario-table'
import type { Table } from '../table'
import { CALLED, count, errorOf, judge, MEASURES, percent, type ReadBoth, signed, sums } from './judge'

/** What mixed_load.py did. */
interface Load {
  readonly seconds: number
  /** How many connections ended in which way. */
  readonly ended: Readonly<Record<string, number>>
  /** Counters of the kernel and of nftables, by host. */
  readonly moved: Readonly<Record<Letter, Movement>>
  /** Resets that went to the scanner at A, which is no TCP that could count them. */
  readonly answers_to_scan: number
}

/** Very many connections at once that end in every way there is, and a port scan. */
export async function measureMixedLoad(
  hosts: Hosts,
  connections: number,
  readBoth: ReadBoth,
): Promise<Table> {
  const before = await readBoth()
  const load = await run(hosts, connections)
  const after = await readBoth()
  const judged = LETTERS.flatMap(letter => {
    const moved = load.moved[letter]
    const unheard = letter === 'A' ? load.answers_to_scan : 0
    const wire = { out: resetsOut(moved), in: (moved.rst_in4 ?? 0) + (moved.rst_in6 ?? 0) - unheard }
    return judge(letter, wire, moved.AttemptFails ?? 0, { before: before[letter], after: after[letter] })
  })
  const rows = MEASURES.flatMap(measure => {
    const ours = judged.filter(one => one.measure === measure)
    const both = sums(ours)
    return [
      ...ours.map(one => [
        `${CALLED[measure]}, host ${one.letter}`,
        count(one.wire),
        count(one.said),
        signed(errorOf(one)),
        percent(errorOf(one), one.wire),
      ]),
      [
        `**${CALLED[measure]}, both**`,
        count(both.wire),
        count(both.said),
        count(both.error),
        percent(both.error, both.wire),
      ],
    ]
  })
  return {
    title: 'Accuracy, mixed load',
    note: describe(load),
    head: ['', 'resets on the wire', 'measured', 'error', 'of the resets'],
    rows,
  }
}

async function run(hosts: Hosts, connections: number): Promise<Load> {
  const program = join(__dirname, 'mixed_load.py')
  const each = [hosts.a, hosts.b].flatMap(({ namespace, ipv4, ipv6 }) => [namespace, ipv4, ipv6])
  const args = ['-B', program, ...each, `${connections}`]
  const env = { ...process.env, PYTHONPATH: join(__dirname, '../../test/kernel') }
  const { stdout } = await promisify(execFile)(PYTHON, args, { env })
  return JSON.parse(stdout) as Load
}

function describe({ ended, seconds }: Load): string {
  const { timed_out = 0, scanned = 0, ...ways } = ended
  const all = Object.values(ways).reduce((sum, each) => sum + each, 0)
  const list = Object.entries(ways)
    .sort(([, a], [, b]) => b - a)
    .map(([way, times]) => `${count(times)} ${way.replaceAll('_', ' ')}`)
  return [
    `${count(all)} connections in ${seconds.toFixed(0)} s, both ways, IPv4 and IPv6: ${list.join(', ')}.`,
    `Meanwhile ${count(timed_out)} connects timed out, and ${count(scanned)} ports of B were scanned with hand-made SYNs.`,
  ].join('\n')
}
