import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { root, THIRD_PARTY } from './build'
import { setModes } from './modes'
import { type Arch, OWN_NODE, ownNode } from './own-node'
import { sourceTime } from './source-time'
import { partOf } from './third-party'

// Archives with a Node in them, for the many places of Netdata that have none.

export interface Archive {
  /** The built tree it is made of. */
  readonly dist: string
  readonly version: string
  readonly arch: Arch
  /** Where the file goes. */
  readonly into: string
}

/** The checksums of the files beside it. */
export const SUMS = 'SHA256SUMS'

/**
 * Makes the archive: the built tree, with a Node beside the plugin and a link to it beside the command.
 *
 * @returns the path of the file
 */
export function archive({ dist, version, arch, into }: Archive): string {
  const name = `netdata-tcp-resets_${version}_linux-${arch}`
  const dir = mkdtempSync(join(tmpdir(), 'tcp-resets-archive-'))
  const tree = join(dir, name)
  const file = join(into, `${name}.tar.gz`)
  try {
    for (const part of [
      'bin',
      'conf.d',
      'health',
      'health.d',
      'man',
      'plugins.d',
      'systemd',
      'web',
      THIRD_PARTY,
    ])
      cpSync(join(dist, part), join(tree, part), { recursive: true })
    copyFileSync(join(root, 'LICENSE'), join(tree, 'LICENSE'))
    const { binary, licence } = ownNode(arch)
    writeFileSync(join(tree, 'plugins.d', 'tcp_resets.plugin.node'), binary)
    symlinkSync('../plugins.d/tcp_resets.plugin.node', join(tree, 'bin', 'tcp-resets.node'))
    const node = { name: 'Node.js', version: OWN_NODE, licence: 'MIT, and those of its parts', text: licence }
    appendFileSync(join(tree, THIRD_PARTY), partOf(node))
    writeFileSync(join(tree, SUMS), sumsOf(tree))
    setModes(dir, /\/(bin|plugins\.d)\//)
    mkdirSync(into, { recursive: true })
    // The command comes last, so that what is cut short has none.
    const parts = readdirSync(tree).filter(part => part !== 'bin')
    const same = ['--sort=name', `--mtime=@${sourceTime()}`, '--owner=0', '--group=0', '--numeric-owner']
    const paths = [...parts.sort(), 'bin'].map(part => join(name, part))
    execFileSync('tar', [
      ...same,
      '--format=ustar',
      '--use-compress-program=gzip -n',
      '-cf',
      file,
      '-C',
      dir,
      ...paths,
    ])
    return file
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** As sha256sum(1) prints them. */
function sumsOf(tree: string): string {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(tree, join(entry.parentPath, entry.name)))
    .sort()
    .map(path => `${sha256(join(tree, path))}  ${path}\n`)
    .join('')
}

export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
