import { askJson } from './ask'

/** The part of a chart's description that is used here. Times are Unix seconds. */
export interface Chart {
  readonly id: string
  readonly context: string
  readonly units: string
  readonly update_every: number
  readonly first_entry: number
  readonly last_entry: number
  readonly dimensions: Readonly<Record<string, { readonly name: string }>>
}

export interface Alarm {
  readonly name: string
  readonly chart: string
  readonly status: string
  /** `<line>@<file>`, or in newer agents `line=<line>,file=<file>` and the like. */
  readonly source: string
  readonly info: string
}

/** Undefined where the agent has no such chart, or gives no answer. */
export function askChart(url: string, id: string): Promise<Chart | undefined> {
  return askJson<Chart>(url, `/api/v1/chart?chart=${encodeURIComponent(id)}`)
}

/** All alarms, raised or not; undefined where the agent gives no answer. */
export async function askAlarms(url: string): Promise<readonly Alarm[] | undefined> {
  const answer = await askJson<{ alarms: Readonly<Record<string, Alarm>> }>(url, '/api/v1/alarms?all')
  return answer && Object.values(answer.alarms)
}

/** Whether an alarm is on resets, or watches over their measuring: that one is on a chart of the agent's own. */
export function isOnResets({ name, chart }: Alarm): boolean {
  return chart.startsWith('ipv4.tcp_resets') || name === 'tcp_resets_last_collected_secs'
}

/**
 * The names of the alarms and templates in the text of a health file. FreeBSD's agent takes none of those on resets
 * sent, which say `os: linux`.
 */
export function alarmNames(text: string, platform: NodeJS.Platform): string[] {
  const names = [...text.matchAll(/^\s*(?:alarm|template):\s*(\S+)/gm)].flatMap(([, name]) => name ?? [])
  return platform === 'freebsd' ? names.filter(name => !name.endsWith('_sent')) : names
}
