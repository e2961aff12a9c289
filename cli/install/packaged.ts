import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Whether the files are those of the Debian package.
 *
 * @param root what stands for `/`
 * @param plugin where the plugin is, or is to be
 */
export function isPackaged(root: string, plugin: string): boolean {
  const list = join(root, 'var/lib/dpkg/info/netdata-tcp-resets.list')
  const paths = existsSync(list) ? readFileSync(list, 'utf8').split('\n') : []
  return paths.some(path => path !== '' && join(root, path) === plugin)
}

/**
 * Two that own the same files would undo each other's work.
 *
 * @throws where the files are those of the Debian package
 */
export function refusePackaged(root: string, plugin: string): void {
  if (isPackaged(root, plugin))
    throw new Error(
      `${plugin} belongs to the Debian package: use apt to upgrade or remove netdata-tcp-resets`,
    )
}
