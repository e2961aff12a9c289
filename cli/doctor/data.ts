import { askChart, askMeasured } from '../agent/api'
import type { Agent } from '../agent/find'
import { dataOff } from '../agent/off'
import { type Finding, good, note, unknown, wrong } from './finding'
import { notYet } from './not-yet'

const ID = 'ipv4.tcp_resets'

/** Whether values arrive, and did so just now. */
export async function checkData(agent: Agent): Promise<Finding[]> {
  const { conf, url } = agent
  if (conf === undefined) return [unknown('data', 'the agent does not run')]
  const off = dataOff(agent)
  if (off !== undefined) return [note('data', off)]
  const chart = await askChart(url, ID)
  const early = notYet(agent)
  if (early !== undefined && (chart === undefined || chart.last_entry <= chart.first_entry))
    return [note('data', `none yet: ${early}`)]
  if (chart === undefined) return [wrong('data', `the agent has no chart ${ID}`, 'fix what is wrong above')]
  const { first_entry, last_entry, update_every } = chart
  const age = Math.round(Date.now() / 1000) - last_entry
  if (last_entry <= first_entry)
    return [wrong('data', `the chart ${ID} is empty`, 'wait some seconds, then look above')]
  if (age > Math.max(10, 5 * update_every)) {
    return [wrong('data', `the last value of ${ID} is ${age} s old`, 'fix what is wrong above')]
  }
  const measured = await askMeasured(url, chart)
  const dimensions = [...(measured?.keys() ?? [])]
  const empty = dimensions.filter(name => !measured?.get(name))
  if (dimensions.length === 0 || empty.length > 0) {
    const saw = `no recent value: ${empty.join(', ') || 'any dimension'}`
    return [wrong('data', saw, "see what the plugin says about its source in the agent's log")]
  }
  return [good('data', `${ID} has values of ${dimensions.join(' and ')}, the last ${Math.max(0, age)} s old`)]
}
