import { join } from 'node:path'
import type { Config } from '../../plugin/config/config'
import { loadConfig, loadFile } from '../../plugin/config/load'
import type { Agent } from '../agent/find'
import type { Layout } from '../agent/layout'
import { canActAs, runAs } from '../agent/user'
import { type Finding, good, wrong } from './finding'

const filesOf = ({ stockConf, userConf }: Layout): [stock: string, own: string] => [
  join(stockConf, 'tcp_resets.conf'),
  join(userConf, 'tcp_resets.conf'),
]

/** What the plugin of this agent runs with, less what the agent tells it of the interval. */
export async function configurationOf(layout: Layout): Promise<Config> {
  const { config } = await loadConfig(...filesOf(layout), 1)
  return config
}

/** Whether the plugin's configuration can be read and says what it may. */
export async function checkConfiguration({ layout, user, path }: Agent): Promise<Finding[]> {
  const findings: Finding[] = []
  const read: string[] = []
  for (const file of filesOf(layout)) {
    const loaded = await loadFile(file)
    if (loaded === undefined) continue
    read.push(file)
    for (const fault of loaded.faults)
      findings.push(wrong('config', fault, `mend it; tcp-resets check-config ${file}`))
    if (user && canActAs(user) && runAs(user, path, ['test', '-r', file]).status !== 0) {
      findings.push(wrong('config', `${user.name} can't read ${file}`, `chmod 644 ${file}`))
    }
  }
  if (findings.length > 0) return findings
  const saw = read.length === 0 ? 'none, so all options have their defaults' : `good: ${read.join(', ')}`
  return [good('config', saw)]
}
