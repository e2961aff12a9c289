import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { version } from '../package.json'
import { archive } from '../scripts/archive'
import { dist } from '../scripts/build'
import { ARCHS, OWN_NODE } from '../scripts/own-node'
import { debianPackage } from '../scripts/package'
import { median } from './median'
import { timeToFirstData } from './peers/first-data'
import type { Table } from './table'

// How large what people download is, and how long the plugin in it takes to start.

const STARTS = 15

interface Download {
  readonly name: string
  readonly file: string
  /** Where it is unpacked. */
  readonly tree: string
  /** Its plugin, if it can be started here. */
  readonly plugin?: string
  /** What it runs on. */
  readonly node: string
}

export async function bench(): Promise<readonly Table[]> {
  const dir = mkdtempSync(join(tmpdir(), 'tcp-resets-archives-'))
  chmodSync(dir, 0o755) // the plugin is started as nobody
  try {
    const rows = []
    for (const download of [...ARCHS.map(arch => archiveFor(arch, dir)), debian(dir)])
      rows.push(await rowOf(download))
    return [
      {
        title: 'What is downloaded',
        note: `MB are millions of bytes. Start: from the launch of the plugin to its first values, median of ${STARTS}.`,
        head: ['', 'download, MB', 'unpacked, MB', 'start, ms', 'runs on'],
        rows,
      },
    ]
  } finally {
    rmSync(dir, { recursive: true })
  }
}

function archiveFor(arch: (typeof ARCHS)[number], dir: string): Download {
  const file = archive({ dist, version, arch, into: dir })
  execFileSync('tar', ['-xzf', file, '-C', dir])
  const tree = file.replace(/\.tar\.gz$/, '')
  const runs = process.platform === 'linux' && process.arch === arch
  return {
    name: `archive for ${arch}`,
    file,
    tree,
    node: `its own Node ${OWN_NODE}`,
    ...(runs && { plugin: join(tree, 'plugins.d', 'tcp_resets.plugin') }),
  }
}

function debian(dir: string): Download {
  const file = debianPackage({ dist, version, into: dir })
  const tree = join(dir, 'debian')
  execFileSync('dpkg-deb', ['--extract', file, tree])
  const plugin = join(tree, 'usr/lib/netdata/plugins.d/tcp_resets.plugin')
  return { name: 'Debian package', file, tree, plugin, node: `this machine's Node ${process.versions.node}` }
}

async function rowOf({ name, file, tree, plugin, node }: Download): Promise<string[]> {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
  const started = plugin === undefined ? '–' : `${Math.round(await startOf(plugin))}`
  return [name, megabytes(statSync(file).size), megabytes(sizeOf(tree)), started, node]
}

async function startOf(plugin: string): Promise<number> {
  const times: number[] = []
  for (let nth = 0; nth < STARTS; nth++) {
    const time = await timeToFirstData({ name: plugin, command: plugin, args: ['1'], firstData: /^BEGIN/m })
    if (time !== undefined) times.push(time)
  }
  return median(times)
}

/** Of the files, however they are kept; links are nothing. */
function sizeOf(dir: string): number {
  const files = readdirSync(dir, { withFileTypes: true, recursive: true }).filter(entry => entry.isFile())
  return files.reduce(
    (sum, { parentPath, path, name }) => sum + statSync(join(parentPath ?? path, name)).size,
    0,
  )
}
