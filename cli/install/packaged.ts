import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pluginFile } from '../agent/control'
import type { ProvedAgent } from '../agent/find'

/**
 * Two that own the same files would undo each other's work.
 *
 * @param root what stands for `/`
 * @throws where the files are those of the Debian package
 */
export function refusePackaged(root: string, agent: ProvedAgent): void {
  const list = join(root, 'var/lib/dpkg/info/netdata-tcp-resets.list')
  const plugin = pluginFile(agent)
  if (existsSync(list) && readFileSync(list, 'utf8').split('\n').includes(plugin)) {
    throw new Error(`${plugin} is the Debian package's: use apt to upgrade or remove netdata-tcp-resets`)
  }
}
