import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pluginFile } from '../agent/control'
import type { Agent, ProvedAgent } from '../agent/find'

/**
 * Whether the files are those of the Debian package.
 *
 * @param root what stands for `/`
 */
export function isPackaged(root: string, agent: Agent): boolean {
  const list = join(root, 'var/lib/dpkg/info/netdata-tcp-resets.list')
  return existsSync(list) && readFileSync(list, 'utf8').split('\n').includes(pluginFile(agent))
}

/**
 * Two that own the same files would undo each other's work.
 *
 * @param root what stands for `/`
 * @throws where the files are those of the Debian package
 */
export function refusePackaged(root: string, agent: ProvedAgent): void {
  if (!isPackaged(root, agent)) return
  throw new Error(
    `${pluginFile(agent)} is the Debian package's: use apt to upgrade or remove netdata-tcp-resets`,
  )
}
