import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Placement } from './file'
import type { Wanted } from './plan'

/**
 * Where the command lives once it is installed. With it is all that it installs, so that it can mend and take back what
 * is there when what it came in is gone.
 */
export const HOME = '/usr/local/lib/netdata-tcp-resets'

const FOLDERS = [
  'bin',
  'conf.d',
  'health.d',
  'health/1.37',
  'health/1.43',
  'man/man8',
  'plugins.d',
  'systemd',
  'web/guides/tcp',
]
const LICENCES = 'THIRD-PARTY-LICENSES'

/**
 * The command itself, on everybody's PATH, and its manual.
 *
 * @param root what stands for `/`
 * @param node the one beside the plugin, where there has to be one
 * @throws where what is to be installed is not beside this command
 */
export function commandFiles(dist: string, root: string, node: Placement | undefined): Wanted[] {
  const missing = [...FOLDERS, LICENCES].find(part => !existsSync(join(dist, part)))
  if (missing !== undefined)
    throw new Error(
      `${join(dist, missing)} is missing, so there is nothing to install: use the command of a complete installation`,
    )
  const put = (path: string, content: Placement['content'], mode: number): Wanted => ({
    path: join(root, path),
    content,
    mode,
    ifEdited: 'theirs-beside',
  })
  const files = FOLDERS.flatMap(folder => readdirSync(join(dist, folder)).map(name => join(folder, name)))
    // A Node that came with it is beside the plugin, and one is enough.
    .filter(path => !path.endsWith('.node'))
  const manual = 'man/man8/tcp-resets.8'
  return [
    ...[...files, LICENCES].map(path =>
      put(join(HOME, path), readFileSync(join(dist, path)), /^(bin|plugins\.d)\//.test(path) ? 0o755 : 0o644),
    ),
    ...(node ? [put(join(HOME, 'bin/tcp-resets.node'), { link: node.path }, 0o777)] : []),
    put('/usr/local/bin/tcp-resets', Buffer.from(`#!/bin/sh\nexec ${HOME}/bin/tcp-resets "$@"\n`), 0o755),
    put(join('/usr/local/share', manual), readFileSync(join(dist, manual)), 0o644),
  ]
}
