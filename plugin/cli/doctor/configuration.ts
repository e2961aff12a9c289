import { join } from 'node:path'
import { loadFile } from '../../config/load'
import type { Agent } from '../agent/find'
import { canActAs, runAs } from '../agent/user'
import { type Finding, good, wrong } from './finding'

/** Whether the plugin's configuration can be read and says what it may. */
export async function checkConfiguration({ layout, user, path }: Agent): Promise<Finding[]> {
  const stock = join(layout.stockConf, 'tcp_resets.conf')
  const own = join(layout.userConf, 'tcp_resets.conf')
  const findings: Finding[] = []
  const read: string[] = []
  for (const file of [stock, own]) {
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
