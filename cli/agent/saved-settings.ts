import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { PartialConfig } from '../../plugin/config/config'
import { parsePayload } from '../../plugin/config/payload'
import { readRegular } from '../install/file'
import type { Layout } from './layout'

/** No settings are as long as this. */
const MAX_BYTES = 256 * 1024

/** What an agent from 2 on keeps of the settings on its dashboard, and sends to the plugin at each start. */
export interface SavedSettings {
  readonly path: string
  readonly config: PartialConfig
  /** Why it is of no use; the plugin takes nothing of it either. */
  readonly fault?: string
}

/**
 * Reads it. The file has lines for the agent, `---`, and what was submitted (`src/daemon/dyncfg/dyncfg-files.c` of 2.11).
 *
 * @returns undefined where nothing was set
 * @throws where it can't be read
 */
export async function savedSettings({ lib }: Pick<Layout, 'lib'>): Promise<SavedSettings | undefined> {
  if (lib === undefined) return undefined
  const path = join(lib, 'config', 'tcp_resets%3Asettings.dyncfg')
  const size = lstatSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return undefined
  if (size > MAX_BYTES) throw new Error(`${path}: expected at most ${MAX_BYTES} bytes, found ${size}`)
  const [, payload] = readRegular(path)
    .toString()
    .split(/^---\n([\s\S]*)/m)
  // An action that had nothing to submit.
  if (payload === undefined) return undefined
  const parsed = await parsePayload(payload)
  return typeof parsed === 'string' ? { path, config: {}, fault: parsed } : { path, config: parsed }
}
