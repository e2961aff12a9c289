/**
 * What the agent's API answers, as plain data. Agents differ by version, and anything may answer in an agent's
 * place, so nothing is taken as given: what is missing or of the wrong kind stays absent.
 */

import { isRecord } from '../../plugin/is-record'

/** One alarm on one chart. Times are Unix seconds of the agent's clock. */
export interface Alarm {
  readonly name: string
  readonly chart: string
  readonly status: string
  readonly since?: number
  readonly value?: number
  readonly units: string
  /** Nobody is told of it, whatever its state. */
  readonly silenced: boolean
}

export interface Alarms {
  readonly hostname?: string
  readonly now?: number
  readonly alarms: readonly Alarm[]
}

export interface Line {
  readonly name: string
  /** One for each of the times; null where nothing was measured. */
  readonly values: readonly (number | null)[]
}

/** Oldest first. */
export interface Series {
  readonly times: readonly number[]
  readonly lines: readonly Line[]
}

/** More than an agent stores of ten minutes, and little enough to draw. */
const MOST_ROWS = 2000
const LONGEST_TEXT = 200
const LATEST = 8.64e12

export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined
}

export function text(value: unknown, longest = LONGEST_TEXT): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, longest) : undefined
}

export function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A time that a Date can hold. */
function time(value: unknown): number | undefined {
  const seconds = finite(value)
  return seconds !== undefined && Math.abs(seconds) <= LATEST ? seconds : undefined
}

/** `{ [key]: value }`, or nothing where there is no value. */
export function field<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
}

/** `/api/v1/alarms?all`; undefined when that is not what it is. */
export function readAlarms(answer: unknown): Alarms | undefined {
  const top = record(answer)
  const alarms = record(top?.alarms)
  if (top === undefined || alarms === undefined) return undefined
  return {
    ...field('hostname', text(top.hostname)),
    ...field('now', time(top.now)),
    alarms: Object.values(alarms).flatMap(readAlarm),
  }
}

function readAlarm(value: unknown): Alarm[] {
  const alarm = record(value)
  const name = text(alarm?.name)
  const chart = text(alarm?.chart)
  const status = text(alarm?.status)
  if (alarm === undefined || name === undefined || chart === undefined || status === undefined) return []
  return [
    {
      name,
      chart,
      status,
      ...field('since', time(alarm.last_status_change)),
      ...field('value', finite(alarm.value)),
      units: text(alarm.units) ?? '',
      silenced: alarm.silenced === true || alarm.disabled === true,
    },
  ]
}

export function isRaised({ status }: Alarm): boolean {
  return status === 'WARNING' || status === 'CRITICAL'
}

/** The chart of the agent's own namespace; those of containers have its id, an underscore and a name. */
export const HOST_CHART = 'ipv4.tcp_resets'
/** Of all containers that do not ring alone. */
export const RAISED_CHART = 'ipv4.tcp_reset_raised'

/** The host first, always, or what else the page is about; then the containers where the alarm is raised. */
export function chartsToShow(alarms: readonly Alarm[], first = HOST_CHART): string[] {
  const raised = alarms.filter(alarm => isRaised(alarm) && alarm.chart !== first)
  return [first, ...raised.map(({ chart }) => chart).sort()]
}

/** `/api/v1/data?format=json`; undefined when that is not what it is. */
export function readSeries(answer: unknown, names: readonly string[]): Series | undefined {
  const top = record(answer)
  if (!Array.isArray(top?.labels) || !Array.isArray(top.data)) return undefined
  const labels: unknown[] = top.labels
  const rows = (top.data as unknown[])
    .slice(0, MOST_ROWS)
    .filter((row): row is unknown[] => Array.isArray(row) && time(row[0]) !== undefined)
    .sort((a, b) => Number(a[0]) - Number(b[0]))
  const lines = names.flatMap(name => {
    const column = labels.indexOf(name)
    return column < 1 ? [] : [{ name, values: rows.map(row => finite(row[column]) ?? null) }]
  })
  return lines.length === 0 ? undefined : { times: rows.map(row => Number(row[0])), lines }
}

/** The rows of a Function's table, each a way to a cell by its column; undefined when that is not what it is. */
export function cellsOf(answer: unknown): ((column: string) => unknown)[] | undefined {
  const top = record(answer)
  const columns = record(top?.columns)
  if (columns === undefined || !Array.isArray(top?.data)) return undefined
  return top.data.map((row: unknown) => column => {
    const index = finite(record(columns[column])?.index)
    return Array.isArray(row) && index !== undefined ? row[index] : undefined
  })
}

/** Labels of `/api/v1/chart`. */
export function readLabels(answer: unknown): Record<string, string> {
  const labels = record(record(answer)?.chart_labels) ?? {}
  return Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) => {
      const label = text(value)
      return label === undefined ? [] : [[name, label]]
    }),
  )
}

/** The names of the nodes whose data the agent of `/api/v1/info` holds. */
export function readNodes(answer: unknown): string[] {
  const nodes = record(answer)?.mirrored_hosts
  return Array.isArray(nodes) ? nodes.flatMap(node => text(node) ?? []) : []
}
