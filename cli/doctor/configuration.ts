import { join } from 'node:path'
import type { Config } from '../../plugin/config/config'
import { differing } from '../../plugin/config/differing'
import { loadConfig, loadFile, over } from '../../plugin/config/load'
import { messageOf } from '../../plugin/message'
import type { Agent } from '../agent/find'
import type { Layout } from '../agent/layout'
import { type SavedSettings, savedSettings } from '../agent/saved-settings'
import { canActAs, runAs } from '../agent/user'
import { type Finding, good, note, unknown, wrong } from './finding'

const filesOf = ({ stockConf, userConf }: Layout): [stock: string, own: string] => [
  join(stockConf, 'tcp_resets.conf'),
  join(userConf, 'tcp_resets.conf'),
]

/** What the plugin of this agent runs with, less what the agent tells it of the interval. */
export async function configurationOf(layout: Layout): Promise<Config> {
  const { config } = await loadConfig(...filesOf(layout))
  // Whoever can't read what was set on the dashboard is told so by checkConfiguration.
  const saved = await savedSettings(layout).catch(() => undefined)
  return over(config, saved?.config)
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
      findings.push(wrong('config', fault, `fix it; tcp-resets check-config ${file}`))
    if (user && canActAs(user) && runAs(user, path, ['test', '-r', file]).status !== 0) {
      findings.push(wrong('config', `${user.name} can't read ${file}`, `chmod 644 ${file}`))
    }
  }
  if (findings.length === 0) {
    const saw = read.length === 0 ? 'none, so all options have their defaults' : `good: ${read.join(', ')}`
    findings.push(good('config', saw))
  }
  try {
    const saved = await savedSettings(layout)
    if (saved !== undefined) findings.push(await describe(saved, layout))
  } catch (thrown) {
    findings.push(unknown('config', `what was set on the dashboard: ${messageOf(thrown)}`))
  }
  return findings
}

async function describe({ path, config, fault }: SavedSettings, layout: Layout): Promise<Finding> {
  if (fault !== undefined) {
    return wrong(
      'config',
      `${path}: what was set on the dashboard can't be used: ${fault}`,
      `set it there again, or remove ${path} and restart Netdata`,
    )
  }
  const files = (await loadConfig(...filesOf(layout))).config
  const keys = differing(files, over(files, config))
  return keys.length === 0
    ? good('config', `what was set on the dashboard (${path}) is the same as in the files`)
    : note(
        'config',
        `what was set on the dashboard overrides the files in ${keys.join(', ')}: ${path}`,
        'change it there; to use the files again, remove that file and restart Netdata',
      )
}
