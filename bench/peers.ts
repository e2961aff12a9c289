import { LIMIT } from './peers/contenders'
import { holdContest, MEASURED_S, percentile, type Result } from './peers/contest'
import { goalTable } from './peers/goals'
import { user } from './peers/running'
import { surroundingsTable } from './peers/surroundings'
import type { Table } from './table'

// What the plugin costs, running all day, next to others that watch the same counters and to the least that is possible.

const MB = 1e6

const NOTE = `One tick a second for ${MEASURED_S} seconds, all programs at the same time, each in the same windows; medians of the windows.
So each of them finds the caches as cold as the others left them, as on a host that has several collectors. CPU is user
and system time, with all threads and children. python.d.plugin and charts.d.plugin have one module each, which reads the
plugin's counters from the same two files. prometheus-node-exporter has its netstat collector only, and is asked over
HTTP. collectd has its protocols plugin for the same counters, and csv to write them.`

const JITTER_NOTE = `Milliseconds from the whole second until the tick's text has come out of the pipe, ${MEASURED_S} ticks each. Fully
loaded: two busy loops for each core, at the same priority as the others. The rows that are not the plugin's show what the
machine does.`

export async function bench(): Promise<readonly Table[]> {
  const { results, left } = await holdContest()
  const surroundings = await surroundingsTable()
  return [costTable(results, left), jitterTable(results), goalTable(results), surroundings ?? []].flat()
}

function costTable(results: readonly Result[], left: readonly string[]): Table {
  const limit = results.find(({ name }) => name === LIMIT)?.cpu
  const whose = user.uid === undefined ? '' : ' All of them run as nobody.'
  const absent = left.length === 0 ? '' : ` Not measured: ${left.join(', ')}.`
  const rest = ['start to first data, ms', 'wakeups a tick', 'system calls a tick']
  const memory = ['resident MB', 'proportional MB', 'private dirty MB']
  return {
    title: 'Cost, next to others',
    note: `${NOTE}${whose}${absent}`,
    head: ['', 'CPU s an hour', 'CPU µs a tick', 'to the limit', ...memory, ...rest],
    rows: results.map(({ name, cpu, memory, firstData, wakeups, systemCalls }) => [
      name,
      (cpu * 3600e-6).toFixed(2),
      cpu.toFixed(0),
      limit === undefined ? '–' : `${(cpu / limit).toFixed(1)} ×`,
      ...[memory.resident, memory.proportional, memory.privateDirty].map(bytes => (bytes / MB).toFixed(1)),
      shown(firstData, 0),
      wakeups.toFixed(1),
      shown(systemCalls, 1),
    ]),
  }
}

function jitterTable(results: readonly Result[]): Table {
  const three = (late: readonly number[] | undefined): string[] =>
    [0.5, 0.99, 1].map(part => shown(late && percentile(late, part), 1))
  return {
    title: 'Jitter of the tick',
    note: JITTER_NOTE,
    head: ['', 'idle: p50', 'p99', 'worst', 'fully loaded: p50', 'p99', 'worst'],
    rows: results
      .filter(({ idleLateness }) => idleLateness !== undefined)
      .map(({ name, idleLateness, loadedLateness }) => [
        name,
        ...three(idleLateness),
        ...three(loadedLateness),
      ]),
  }
}

function shown(value: number | undefined, digits: number): string {
  return value === undefined ? '–' : value.toFixed(digits)
}
