import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../plugin/message'
import { RECORDINGS } from '../../plugin/recording/recording'
import { USUAL_FILE } from '../../plugin/usual-memory'
import { endPlugin, pluginFile, reloadHealth } from '../agent/control'
import { findProvedAgent, type ProvedAgent } from '../agent/find'
import { type Layout, PREFIXES } from '../agent/layout'
import { layoutInto } from '../agent/layout-into'
import type { Where } from '../agent/where'
import { revokeGrant } from './grant'
import { type Lock, lock } from './lock'
import { manifestIn, readManifest } from './manifest'
import { refusePackaged } from './packaged'
import { removable } from './plan'
import { stopRecording } from './recording'
import { change, recover, removeEmpty } from './transaction'
import { asOwnerOf } from './whose'

export interface UninstallOptions extends Where {
  readonly dryRun: boolean
  /** What a container has, instead of this machine. */
  readonly into: string | undefined
}

/**
 * Takes back what the manifest says; files that were edited since stay.
 *
 * @returns whether all of it could be taken back
 * @throws where nothing was changed
 */
export async function uninstall(options: UninstallOptions, say: (line: string) => void): Promise<boolean> {
  const { into, prefix, platform } = options
  const agent = into === undefined ? await findProvedAgent(options) : undefined
  const { layout } = agent ?? layoutInto(`${into}`, prefix === undefined ? PREFIXES : [prefix], platform)
  refusePackaged(into ?? '/', join(layout.plugins, 'tcp_resets.plugin'))
  if (options.dryRun) return uninstallFrom(layout, agent, options, say)
  const held = lock(layout.state)
  try {
    return uninstallFrom(layout, agent, options, say, held)
  } finally {
    held.release()
  }
}

/** @param agent absent where it is a container's */
function uninstallFrom(
  layout: Layout,
  agent: ProvedAgent | undefined,
  options: UninstallOptions,
  say: (line: string) => void,
  held?: Lock,
): boolean {
  const { state } = layout
  if (!options.dryRun) {
    const recovered = recover(state)
    if (recovered) say(`First: ${recovered}`)
  }
  const manifest = readManifest(state, options.into)
  if (manifest === undefined)
    throw new Error(`${manifestIn(state)} is not there: tcp-resets installed nothing here`)

  const { remove, kept } = removable(manifest, Object.keys(manifest.files))
  for (const path of remove) say(`  ${options.dryRun ? 'would remove' : 'remove'} ${path}`)
  for (const path of kept) say(`${path}: edited, kept`)
  if (options.dryRun) return true

  const refused = manifest.grant && agent !== undefined ? revokeGrant(manifest.grant) : undefined
  if (refused) say(`The tracing grant was not taken back: ${refused}`)
  const unstopped = manifest.recording && agent !== undefined ? stopRecording() : undefined
  if (unstopped) say(`The recording of bursts was not turned off: ${unstopped}`)
  change(state, { put: [], remove: [...remove, manifestIn(state)] })
  held?.release() // it is in one of the directories
  removeEmpty([...manifest.directories, state])
  if (agent?.conf !== undefined) {
    // The agent gives a plugin up whose file is gone.
    if (remove.includes(pluginFile(agent))) endPlugin(agent)
    if (!reloadHealth(agent)) say('The alarms could not be reloaded: run netdatacli reload-health')
  }
  forgetUsual(layout.cache, say)
  say(`Uninstalled ${manifest.version}`)
  const recordings = join(options.into ?? '/', RECORDINGS)
  if (existsSync(recordings)) say(`What was recorded stays; to remove it: rm -r ${recordings}`)
  return refused === undefined && unstopped === undefined
}

/** What the plugin has learnt. One that still runs removes it as it ends; one that does not has left it. */
function forgetUsual(cache: string | undefined, say: (line: string) => void): void {
  if (cache === undefined) return
  const file = join(cache, USUAL_FILE)
  try {
    asOwnerOf(file, () => rmSync(file, { force: true }))
  } catch (error) {
    say(`${file} stays: ${messageOf(error)}`)
  }
}
