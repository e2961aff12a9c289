import { isDeepStrictEqual } from 'node:util'
import { cleanId, cleanText } from './clean'

// Charts in the text of Netdata's external plugin protocol, knowing nothing of what is measured:
// https://learn.netdata.cloud/docs/developer-and-contributor-corner/external-plugins

/** A chart as Netdata shows it. */
export interface ChartDefinition {
  /** The part before the dot of the chart id: the section of the dashboard. */
  readonly type: string
  readonly id: string
  readonly title: string
  readonly units: string
  readonly family: string
  /** What alarms and the dashboard know this kind of chart by. */
  readonly context: string
  readonly style: 'line' | 'area' | 'stacked'
  /** Lower comes first on the dashboard. */
  readonly priority: number
  /** Which part of the plugin makes it, for people. */
  readonly module: string
  readonly dimensions: readonly DimensionDefinition[]
  /** Any other value that is not known from the start is a counter from 0, and becomes a dimension when it appears. */
  readonly grows?: true
  readonly labels: Readonly<Record<string, string>>
}

export interface DimensionDefinition {
  readonly id: string
  /** `incremental`: a counter, shown as its rise per second. `absolute`: shown as it is. */
  readonly algorithm: 'incremental' | 'absolute'
}

/**
 * A value for each dimension. One that is absent or undefined is a gap. It never changes once it was given to a chart: the
 * same object is the same values.
 */
export type Values = Readonly<Record<string, bigint | undefined>>

/** Numbers of a chart for its alarms to use; not shown. Netdata keeps each until it gets a new one. */
export type Variables = Readonly<Record<string, number>>

export interface ChartWriter {
  /**
   * One collection of a chart as protocol text; the chart's own definition goes before the first. Empty where no
   * dimension has a value, which Netdata shows as a gap.
   *
   * @param values u64
   * @param now monotonic milliseconds of the collection
   */
  (values: Values, now: number, variables?: Variables): string
  /** The labels, and the title where that changes too, from the next collection on. */
  relabel(labels: ChartDefinition['labels'], title?: string): void
  /** Text that takes the chart off the dashboard. It is there again with the next collection. */
  retire(): string
}

/**
 * @param plugin the plugin's name as charts show it
 * @param updateEvery seconds between collections
 */
export function chartWriter(definition: ChartDefinition, plugin: string, updateEvery: number): ChartWriter {
  const begin = `BEGIN ${chartId(definition)}`
  let chart = definition
  let sets = setsOf(chart)
  let shown: Values | undefined
  /** All that is said of those values: most of the time they are what they were a second ago. */
  let lines = ''
  let last: number | undefined
  /** Whether the agent knows the chart as it is. */
  let defined = false

  const show = (values: Values): void => {
    const found = chart.grows ? newDimensions(chart, values) : []
    if (found.length > 0) {
      chart = { ...chart, dimensions: [...chart.dimensions, ...found] }
      sets = setsOf(chart)
      defined = false
    }
    const said: string[] = []
    for (const set of sets) {
      // The agent takes the first value of a counter for where it stood before. A new one stood at 0.
      const value = found.some(({ id }) => id === set.id) ? 0n : values[set.id]
      if (value === undefined) continue
      if (value !== set.value) Object.assign(set, { value, line: setLine(set.id, value) })
      said.push(set.line)
    }
    lines = said.join('')
    // The true values of new dimensions are still to come.
    shown = found.length > 0 ? undefined : values
  }
  const collect = (values: Values, now: number, variables?: Variables): string => {
    if (values !== shown) show(values)
    if (lines === '') return ''
    let text = lines
    for (const name in variables) text += `VARIABLE CHART ${cleanId(name)} = ${variables[name]?.toFixed(3)}\n`
    // The agent wants the true time since this chart's last BEGIN, and none with the first.
    const start = last === undefined ? begin : `${begin} ${Math.round((now - last) * 1000)}`
    const definitions = defined ? '' : define(chart, plugin, updateEvery)
    defined = true
    last = now
    return `${definitions}${start}\n${text}END\n`
  }
  const retire = (): string => {
    if (last === undefined) return ''
    last = undefined
    defined = false
    return `${chartLine(definition, plugin, updateEvery, 'obsolete')}\n`
  }
  const relabel = (labels: ChartDefinition['labels'], title = chart.title): void => {
    if (title === chart.title && isDeepStrictEqual(labels, chart.labels)) return
    chart = { ...chart, labels, title }
    defined = false
  }
  return Object.assign(collect, { relabel, retire })
}

/** What was last said of a dimension. */
interface SetLine {
  readonly id: string
  value: bigint | undefined
  line: string
}

function setsOf({ dimensions }: ChartDefinition): SetLine[] {
  return dimensions.map(({ id }) => ({ id, value: undefined, line: '' }))
}

/** The protocol's numbers are signed 64 bit; a rise stays right across the wrap. */
function setLine(id: string, value: bigint): string {
  return `SET ${cleanId(id)} = ${BigInt.asIntN(64, value)}\n`
}

function newDimensions({ dimensions }: ChartDefinition, values: Values): DimensionDefinition[] {
  const known = new Set(dimensions.map(({ id }) => id))
  return Object.keys(values)
    .filter(id => values[id] !== undefined && !known.has(id))
    .map(id => ({ id, algorithm: 'incremental' }))
}

function chartLine(
  chart: ChartDefinition,
  plugin: string,
  updateEvery: number,
  options: '' | 'obsolete',
): string {
  const words = [
    chartId(chart),
    "''",
    quoted(chart.title),
    quoted(chart.units),
    quoted(chart.family),
    cleanId(chart.context),
    chart.style,
    chart.priority,
    updateEvery,
    quoted(options),
    cleanId(plugin),
    cleanId(chart.module),
  ]
  return `CHART ${words.join(' ')}`
}

function define(chart: ChartDefinition, plugin: string, updateEvery: number): string {
  const lines = [chartLine(chart, plugin, updateEvery, '')]
  for (const { id, algorithm } of chart.dimensions) lines.push(`DIMENSION ${cleanId(id)} '' ${algorithm} 1 1`)
  for (const [name, value] of Object.entries(chart.labels)) {
    // Three words each and only after a CHART: Netdata 1.37 crashes otherwise. 1: found by the collector itself, with 4:
    // it is from Kubernetes (src/database/rrdlabels.h).
    lines.push(`CLABEL ${cleanId(name)} ${quoted(value)} ${name.startsWith('k8s_') ? 5 : 1}`)
  }
  return `${lines.join('\n')}\nCLABEL_COMMIT\n`
}

function chartId({ type, id }: ChartDefinition): string {
  return `${cleanId(type)}.${cleanId(id)}`
}

function quoted(text: string): string {
  return `'${cleanText(text)}'`
}
