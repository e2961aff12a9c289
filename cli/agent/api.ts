import { type Alarm, type Chart, readAlarms, readChart, readMeasured } from './answers'
import { askJson } from './ask'

/** Undefined where the agent has no such chart, or gives no answer. */
export function askChart(url: string, id: string): Promise<Chart | undefined> {
  return askJson(url, `/api/v1/chart?chart=${encodeURIComponent(id)}`, readChart)
}

/** Each dimension of a chart, and whether it had a value of late; undefined where there is no answer. */
export function askMeasured(
  url: string,
  { id, last_entry, update_every }: Chart,
): Promise<Map<string, boolean> | undefined> {
  const times = `after=${last_entry - 9 * update_every}&before=${last_entry}`
  return askJson(url, `/api/v1/data?chart=${id}&${times}&format=json`, readMeasured)
}

/** All alarms, raised or not; undefined where the agent gives no answer. */
export function askAlarms(url: string): Promise<readonly Alarm[] | undefined> {
  return askJson(url, '/api/v1/alarms?all', readAlarms)
}

/** The alarm on the measuring itself. */
export const WATCH = 'tcp_resets_last_collected_secs'

/** Whether an alarm is on resets, or watches over their measuring: that one is on a chart of the agent's own. */
export function isOnResets({ name, chart }: Alarm): boolean {
  return chart.startsWith('ipv4.tcp_reset') || name === WATCH
}

/**
 * The names of the alarms and templates in the text of a health file that every agent has, each once: not of those about
 * containers, which come with the first one. FreeBSD's agent takes none of those on resets sent, which say `os: linux`.
 */
export function alarmNames(text: string, platform: NodeJS.Platform): string[] {
  const names = text.split(/^(?=\s*(?:alarm|template):)/m).flatMap(block => {
    const name = /^\s*(?:alarm|template):\s*(\S+)/.exec(block)?.[1]
    return name === undefined || /^\s*on:\s*ipv4\.tcp_reset_raised\s*$/m.test(block) ? [] : [name]
  })
  const all = [...new Set(names)]
  return platform === 'freebsd' ? all.filter(name => !name.endsWith('_sent')) : all
}
