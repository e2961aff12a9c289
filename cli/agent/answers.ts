/**
 * What the agent's API answers, as plain data. Anything may answer in an agent's place, so nothing is taken as given: what
 * is not of the shape that is used here is no answer.
 */

import { isRecord } from '../../plugin/is-record'

/** The part of a chart's description that is used here. Times are Unix seconds. */
export interface Chart {
  readonly id: string
  readonly update_every: number
  readonly first_entry: number
  readonly last_entry: number
}

export interface Alarm {
  readonly name: string
  readonly chart: string
  readonly status: string
  /** `<line>@<file>`, or in newer agents `line=<line>,file=<file>` and the like. */
  readonly source: string
  readonly info: string
}

/** Whether all of these fields are there, and are texts. */
function hasTexts<Name extends string>(value: unknown, ...names: Name[]): value is Record<Name, string> {
  return isRecord(value) && names.every(name => typeof value[name] === 'string')
}

/** `/api/v1/chart` */
export function readChart(answer: unknown): Chart | undefined {
  if (!hasTexts(answer, 'id')) return undefined
  const { update_every, first_entry, last_entry }: Readonly<Record<string, unknown>> = answer
  if (!isTime(update_every) || !isTime(first_entry) || !isTime(last_entry)) return undefined
  return { id: answer.id, update_every, first_entry, last_entry }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** `/api/v1/alarms`; what is no alarm in it is left out. */
export function readAlarms(answer: unknown): Alarm[] | undefined {
  if (!isRecord(answer) || !isRecord(answer.alarms)) return undefined
  return Object.values(answer.alarms).filter(alarm =>
    hasTexts(alarm, 'name', 'chart', 'status', 'source', 'info'),
  ) as Alarm[]
}

/** `/api/v1/charts`: the ids of those with a context. */
export function readChartIds(answer: unknown, context: string): string[] | undefined {
  if (!isRecord(answer) || !isRecord(answer.charts)) return undefined
  return Object.values(answer.charts).flatMap(chart =>
    hasTexts(chart, 'id', 'context') && chart.context === context ? [chart.id] : [],
  )
}

/** `/api/v1/data?format=json`: each dimension, and whether it has a value in any row. */
export function readMeasured(answer: unknown): Map<string, boolean> | undefined {
  if (!isRecord(answer) || !Array.isArray(answer.labels) || !Array.isArray(answer.data)) return undefined
  const rows: unknown[] = answer.data
  const hasValue = (column: number): boolean =>
    rows.some(row => Array.isArray(row) && typeof row[column] === 'number')
  const labels: unknown[] = answer.labels
  // The first is the time.
  return new Map(
    labels
      .slice(1)
      .flatMap((label, index) => (typeof label === 'string' ? [[label, hasValue(index + 1)]] : [])),
  )
}

/** `/api/v1/info`: the agent's version. */
export function readVersion(answer: unknown): string | undefined {
  return hasTexts(answer, 'version') ? answer.version : undefined
}
