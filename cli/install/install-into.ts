import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../../package.json'
import { NEEDS } from '../agent/container-needs'
import { PREFIXES } from '../agent/layout'
import { type Into, layoutInto } from '../agent/layout-into'
import { pinnedNode } from '../agent/node'
import { commandFiles } from './command-files'
import type { Placement } from './file'
import { lock } from './lock'
import { readManifest } from './manifest'
import { refusePackaged } from './packaged'
import { makePlan, ownFiles } from './plan'
import { change, recover } from './transaction'
import { refuseDamaged } from './whole'
import { refuseOthers } from './whose'

export interface IntoOptions {
  /** The built tree. */
  readonly dist: string
  /** The directory that a container has, or an image gets. */
  readonly into: string
  readonly prefix: string | undefined
  readonly platform: NodeJS.Platform
  readonly dryRun: boolean
  readonly guidesUrl: string | undefined
}

/**
 * Puts the files into what a container has as its own, asks nobody, starts nothing, and says what is needed there.
 *
 * @param say gets the lines for the person
 * @throws where nothing was changed
 */
export function installIntoDirectory(options: IntoOptions, say: (line: string) => void): void {
  const { dist, into, prefix, platform, dryRun } = options
  refuseDamaged(dist)
  const found = layoutInto(into, prefix === undefined ? PREFIXES : [prefix], platform)
  accessSync(into, constants.W_OK) // where it is read-only, mkdir() of Node would say that it is not there
  const { layout } = found
  const plugin = join(layout.plugins, 'tcp_resets.plugin')
  say(`Netdata: ${layout.from}`)
  refusePackaged(into, plugin)
  const put = (made: readonly string[]): void => {
    const recovered = dryRun ? undefined : recover(layout.state)
    if (recovered) say(`First: ${recovered}`)
    const before = readManifest(layout.state, into)
    const guidesUrl = options.guidesUrl ?? before?.guidesUrl
    const node = nodeInto(dist, plugin)
    const wanted = [
      ...ownFiles(dist, layout, guidesUrl),
      ...(node ? [{ ...node, ifEdited: 'theirs-beside' as const }] : []),
      // What is on the volume of the configuration is on nobody's PATH.
      ...(found.kind === 'configuration' ? [] : commandFiles(dist, into, node && placeIn(into, node))),
    ]
    const plan = makePlan(
      wanted,
      layout.state,
      before,
      { version, ...(guidesUrl !== undefined && { guidesUrl }) },
      made,
      into,
    )
    for (const { path, mode } of plan.put) if (mode === 0o755) refuseOthers(path)
    for (const { path, mode } of plan.put)
      say(`  ${dryRun ? 'would write' : 'write'} ${path} (${mode.toString(8)})`)
    for (const path of plan.remove) say(`  ${dryRun ? 'would remove' : 'remove'} ${path}`)
    plan.notes.forEach(say)
    if (dryRun) return
    change(layout.state, plan)
    say(
      `Installed ${version}${before ? ` over ${before.version}` : ''}; nothing was started, and no agent was contacted`,
    )
    if (node === undefined)
      say(
        'This brings no Node: the container needs Node.js 18 or later on its PATH. The archives netdata-tcp-resets_*_linux-*.tar.gz bring one',
      )
    needs(found, into).forEach(say)
  }
  const held = dryRun ? undefined : lock(layout.state)
  try {
    put(held?.made ?? [])
  } finally {
    held?.release()
  }
}

/** The one beside this command. Whether it runs there can't be tried here: another processor's is as good. */
function nodeInto(dist: string, plugin: string): Placement | undefined {
  const brought = pinnedNode(join(dist, 'bin', 'tcp-resets'))
  if (!existsSync(brought)) return undefined
  return { path: pinnedNode(plugin), content: readFileSync(brought), mode: 0o755 }
}

/** The same as the container sees it. */
const placeIn = (into: string, file: Placement): Placement => ({
  ...file,
  path: join('/', file.path.slice(into.length)),
})

/** What else a person has to do. */
function needs({ kind, layout }: Into, into: string): string[] {
  const mount = (path: string, there: string): string => `  -v ${path}:${there}:ro`
  const own = {
    root: ['It is in the container’s own files, and goes with them: a new container starts without it.'],
    configuration: [
      'The guides need a mount of their own:',
      mount(join(layout.web, 'guides'), '/usr/share/netdata/web/guides'),
    ],
    layer: [
      `In an image: COPY ${into}/ / (or COPY --from=STAGE). For an image as it is, use these mounts:`,
      ...[
        join(layout.plugins, 'tcp_resets.plugin'),
        pinnedNode(join(layout.plugins, 'tcp_resets.plugin')),
        join(layout.stockConf, 'tcp_resets.conf'),
        join(layout.stockConf, 'health.d/tcp_resets.conf'),
        join(layout.web, 'guides'),
      ]
        .filter(existsSync)
        .map(path => mount(path, path.slice(into.length))),
    ],
  }
  return [
    ...own[kind],
    'To see more than this one container:',
    ...NEEDS.map(({ flag, why }) => `  ${flag}  (${why})`),
    'Then restart the container (docker restart NAME): a plugin is found when the agent starts, or within a minute',
  ]
}
