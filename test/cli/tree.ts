import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Makes directories, and files with a word in them, below a directory. */
export function plant(root: string, paths: readonly string[]): void {
  for (const path of paths) {
    const at = join(root, path)
    mkdirSync(path.endsWith('/') ? at : dirname(at), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(at, 'stock\n')
  }
}

/** Everything below a directory: path to what it is. */
export function treeOf(root: string, below = ''): Record<string, string> {
  const tree: Record<string, string> = {}
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = join(below, name)
    const stat = lstatSync(join(root, path))
    const mode = (stat.mode & 0o7777).toString(8)
    if (stat.isDirectory()) Object.assign(tree, { [`${path}/`]: mode }, treeOf(root, path))
    else if (stat.isSymbolicLink()) tree[path] = `→ ${readlinkSync(join(root, path))}`
    else tree[path] = `${mode} ${readFileSync(join(root, path), 'latin1')}`
  }
  return tree
}

/** Debian's Netdata, as far as an installation looks. */
export const DEBIAN = [
  'usr/lib/netdata/plugins.d/apps.plugin',
  'usr/lib/netdata/conf.d/stream.conf',
  'usr/share/netdata/web/index.html',
  'etc/netdata/health.d/',
  'var/lib/netdata/',
]
