import { setTimeout as sleep } from 'node:timers/promises'
import { burstWatch } from '../plugin/recording/burst'
import { bootMachine, COMMAND, type Machine, noMachine } from '../test/systemd/machine'
import { median } from './median'
import type { Table } from './table'

// What recording costs: while nothing happens, and when a burst begins.

const NOTE = `A Debian 12 with a real systemd and Netdata 1.37.1, each time for a minute. CPU is user and system time. What systemd starts
is counted by it, when it has ended.`
const QUIET_SECONDS = 60
/** /proc/<pid>/stat counts in hundredths of a second, whatever the kernel's own clock: proc(5). */
const TICKS = 100

const BURST = `const { connect } = require('node:net')
  const again = () => connect(5432, '127.0.0.1').on('error', () => setTimeout(again, 5))
  again()
  setTimeout(() => process.exit(), 5000)`

/** CPU seconds of a process, and of those that it has waited for. */
function cpuOf(machine: Machine, pid: string): { own: number; ended: number } {
  const text = machine.must(`cat /proc/${pid}/stat`)
  const fields = text
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number)
  const [own = 0, ownSystem = 0, ended = 0, endedSystem = 0] = fields.slice(11, 15)
  return { own: (own + ownSystem) / TICKS, ended: (ended + endedSystem) / TICKS }
}

interface Quiet {
  readonly processes: number
  readonly systemd: number
  readonly plugin: number
}

/** A minute in which nothing happens. */
async function quiet(machine: Machine): Promise<Quiet> {
  const plugin = machine.must(`pgrep -f '[p]lugins.d/tcp_resets.plugin'`).trim()
  const before = { systemd: cpuOf(machine, '1'), plugin: cpuOf(machine, plugin) }
  let processes = 0
  for (let second = 0; second < QUIET_SECONDS; second++) {
    processes = Math.max(processes, Number(machine.sh(`pgrep -fc '[t]cp-resets record'`).stdout))
    await sleep(1000)
  }
  return {
    processes,
    systemd: cpuOf(machine, '1').own - before.systemd.own,
    plugin: cpuOf(machine, plugin).own - before.plugin.own,
  }
}

/** What one look at both counters of a namespace takes; the plugin does that in either case. */
function looks(resets: bigint): string[] {
  const times = Array.from({ length: 9 }, () => {
    const watches = [burstWatch(), burstWatch()]
    const ticks = 100_000
    const began = process.hrtime.bigint()
    for (let tick = 0; tick < ticks; tick++)
      for (const watch of watches) watch(BigInt(tick) * resets, tick * 1000)
    return Number(process.hrtime.bigint() - began) / 1000 / ticks
  })
  return Array(2).fill(`${median(times).toFixed(1)} µs`)
}

export async function bench(): Promise<readonly Table[]> {
  if (noMachine) throw new Error(noMachine)
  const teardowns: (() => unknown)[] = []
  try {
    const machine = await bootMachine({ teardown: fn => teardowns.push(fn) })
    machine.must('ip link set lo up')
    machine.must(`${COMMAND} install`)
    const off = await quiet(machine)
    machine.must('tcp-resets install --recording')
    const on = await quiet(machine)
    const before = cpuOf(machine, '1')
    machine.must(`env -u NODE_OPTIONS nodejs -e "${BURST}"`)
    const state = 'systemctl show -p ActiveState --value tcp-resets-recording.service'
    await machine.until(
      'it is recorded',
      `ls /var/lib/netdata-tcp-resets-recordings && ${state} | grep -q inactive`,
    )
    const recording = cpuOf(machine, '1').ended - before.ended
    const bytes = Number(machine.must('du -sb /var/lib/netdata-tcp-resets-recordings').split('\t')[0])
    const seconds = (cpu: number): string => `${cpu.toFixed(2)} s`
    return [
      {
        title: 'Cost of recording',
        note: NOTE,
        head: ['', 'recording off', 'recording on', ''],
        rows: [
          [
            'processes of the recorder',
            `${off.processes}`,
            `${on.processes}`,
            'the most that were seen in a minute',
          ],
          ['CPU of systemd', seconds(off.systemd), seconds(on.systemd), 'in a minute'],
          ['CPU of the plugin', seconds(off.plugin), seconds(on.plugin), 'in a minute'],
          ['a look for a burst, without resets', ...looks(0n), 'of one namespace, at a tick'],
          ['a look for a burst, with resets at each tick', ...looks(5n), 'the same'],
          [
            'CPU of one recording',
            '',
            seconds(recording),
            'of 20 s, of a burst of 5 s: capture, explanation, two starts of Node',
          ],
          ['what it keeps', '', `${Math.round(bytes / 1000)} kB`, 'capture and explanation'],
        ],
      },
    ]
  } finally {
    for (const teardown of teardowns.reverse()) await teardown()
  }
}
