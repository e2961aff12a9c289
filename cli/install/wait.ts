import { setTimeout as sleep } from 'node:timers/promises'
import { askAlarms, askChart, askMeasured } from '../agent/api'
import { pluginPid } from '../agent/control'
import type { ProvedAgent } from '../agent/find'
import { alarmsOff, dataOff } from '../agent/off'

/** The agent looks for new plugins once a minute, and the plugin's first value is only what the next is a rate from. */
const PATIENCE = 90

/** What is waited for. */
interface Expected {
  /** The alarms. */
  readonly names: readonly string[]
  /** Unix seconds; older data is that of an older plugin. */
  readonly since: number
  /** The process of the plugin that was ended; undefined where none ran. */
  readonly ended: number | undefined
}

/**
 * Waits until the chart gets data and the alarms are there; of an agent that shows no data, until it runs the plugin.
 *
 * @returns what is still missing after the patience; nothing when all is well
 */
export async function waitForData(agent: ProvedAgent, expected: Expected): Promise<string[]> {
  let last: number | undefined
  for (const deadline = Date.now() + PATIENCE * 1000; ; await sleep(500)) {
    // One that can't run at all is there for a moment, too.
    const pid = pluginPid(agent)
    const runs = pid !== undefined && pid !== expected.ended && pid === last
    last = pid
    const missing = [
      ...(dataOff(agent) === undefined ? await dataMissing(agent.url, expected.since) : []),
      ...(dataOff(agent) === undefined || runs ? [] : ['the process of the plugin']),
      ...(alarmsOff(agent) === undefined ? await alarmsMissing(agent.url, expected.names) : []),
    ]
    if (missing.length === 0 || Date.now() > deadline) return missing
  }
}

async function dataMissing(url: string, since: number): Promise<string[]> {
  const chart = await askChart(url, 'ipv4.tcp_resets')
  if (chart === undefined) return ['the chart ipv4.tcp_resets']
  const isNew = chart.last_entry > Math.max(since, chart.first_entry)
  const isMeasured = isNew && [...((await askMeasured(url, chart)) ?? [])].some(([, hasValue]) => hasValue)
  return isMeasured ? [] : ['new data on the chart ipv4.tcp_resets']
}

async function alarmsMissing(url: string, names: readonly string[]): Promise<string[]> {
  const there = new Set((await askAlarms(url))?.map(({ name }) => name))
  const absent = names.filter(name => !there.has(name))
  return absent.length > 0 ? [`the alarms ${absent.join(', ')}`] : []
}
