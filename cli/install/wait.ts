import { setTimeout as sleep } from 'node:timers/promises'
import { askAlarms, askChart } from '../agent/api'

/** The agent looks for new plugins once a minute, and the plugin's first value is only what the next is a rate from. */
const PATIENCE = 90

/**
 * Waits until the chart gets data and the alarms are there.
 *
 * @param since Unix seconds; older data is that of an older plugin
 * @returns what is still missing after the patience; nothing when all is well
 */
export async function waitForData(url: string, names: readonly string[], since: number): Promise<string[]> {
  for (const deadline = Date.now() + PATIENCE * 1000; ; await sleep(500)) {
    const missing = await missingYet(url, names, since)
    if (missing.length === 0 || Date.now() > deadline) return missing
  }
}

async function missingYet(url: string, names: readonly string[], since: number): Promise<string[]> {
  const [chart, alarms] = await Promise.all([askChart(url, 'ipv4.tcp_resets'), askAlarms(url)])
  const missing = []
  if (chart === undefined) missing.push('the chart ipv4.tcp_resets')
  else if (chart.last_entry <= Math.max(since, chart.first_entry))
    missing.push('new data on the chart ipv4.tcp_resets')
  const there = new Set(alarms?.map(({ name }) => name))
  const absent = names.filter(name => !there.has(name))
  if (absent.length > 0) missing.push(`the alarms ${absent.join(', ')}`)
  return missing
}
