import type { Table } from '../table'
import { BASH, EXPORTER, HOST_ONLY, LIMIT, LIMIT_TELLS, NODE, PYTHON, SHIPPED } from './contenders'
import { percentile, type Result } from './contest'

const MB = 1e6

interface Goal {
  readonly text: string
  /** Above this it is missed: with the host's charts only, and as shipped. */
  readonly most: readonly [hostOnly: number, shipped: number]
  readonly unit: string
  /** Where the plugin is. */
  at(plugin: Result): number | undefined
}

/** What was aimed for, and where the plugin is, in both configurations. */
export function goalTable(results: readonly Result[]): Table {
  const plugins = [HOST_ONLY, SHIPPED]
  return {
    title: 'Goals',
    head: ['', ...plugins],
    rows: goalsOf(results).map(({ text, most, unit, at }) => [
      text,
      ...plugins.map((name, column) => {
        const plugin = results.find(result => result.name === name)
        const value = plugin && at(plugin)
        if (value === undefined) return '–'
        return `${value.toFixed(unit === '×' ? 2 : 1)} ${unit}: ${value <= (most[column] ?? 0) ? 'met' : 'missed'}`
      }),
    ]),
  }
}

function goalsOf(results: readonly Result[]): Goal[] {
  const byName = (name: string): Result | undefined => results.find(result => result.name === name)
  const node = byName(NODE)
  const limit = byName(LIMIT)
  const late = (result: Result | undefined): number | undefined =>
    result?.idleLateness && percentile(result.idleLateness, 0.99)

  const cpuTo = (text: string, most: Goal['most'], peer: number | undefined): Goal => ({
    text: `CPU ${text}`,
    most,
    unit: '×',
    at: plugin => peer && plugin.cpu / peer,
  })
  const aboveNode = (text: string, most: Goal['most'], part: 'privateDirty' | 'resident'): Goal => ({
    text: `${text} memory at most ${most.join(' and ')} MB above Node’s idle loop`,
    most,
    unit: 'MB',
    at: plugin => node && (plugin.memory[part] - node.memory[part]) / MB,
  })
  const ofC = late(byName(LIMIT_TELLS))?.toFixed(1) ?? '–'
  return [
    ...[PYTHON, BASH, EXPORTER].map(name => cpuTo(`below that of ${name}`, [1, 1], byName(name)?.cpu)),
    cpuTo(
      'at most 2 and 2.2 × that of C and of Node’s idle loop together',
      [2, 2.2],
      limit && node && limit.cpu + node.cpu,
    ),
    aboveNode('private dirty', [3, 3], 'privateDirty'),
    aboveNode('resident', [4, 8], 'resident'),
    {
      text: 'start to first data under 250 ms',
      most: [250, 250],
      unit: 'ms',
      at: plugin => plugin.firstData,
    },
    {
      text: `99 of 100 ticks at most 5 ms late on an idle machine (C: ${ofC} ms)`,
      most: [5, 5],
      unit: 'ms',
      at: late,
    },
  ]
}
