import { join } from 'node:path'
import { isPlainPath, readRegular } from './file'

/** Everything that an installation did, so that it can be taken back. */
export interface Manifest {
  readonly version: string
  /** By path, as `fingerprint` gives it. */
  readonly files: Readonly<Record<string, string>>
  /** Directories that it made, parents first. */
  readonly directories: readonly string[]
  /** What the links to the guides begin with, where that was asked for. */
  readonly guidesUrl?: string
  /** How the tracing grant was given: with a systemd unit, or until the next boot. */
  readonly grant?: 'systemd' | 'until-boot'
  /** How bursts are recorded, where that was asked for. */
  readonly recording?: 'systemd'
}

export const manifestIn = (state: string): string => join(state, 'manifest.json')

/**
 * @param state the directory it is in
 * @returns undefined where nothing was installed
 * @throws where there is one that can't be read
 */
export function readManifest(state: string): Manifest | undefined {
  const path = manifestIn(state)
  let text: string
  try {
    text = readRegular(path, process.geteuid?.() === 0 ? 0 : undefined).toString()
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw thrown
  }
  const manifest = parseManifest(text)
  if (manifest === undefined)
    throw new Error(`${path}: it is damaged: remove it, then, as root: tcp-resets install`)
  return manifest
}

/** @returns undefined where it is not what an installation writes */
export function parseManifest(text: string): Manifest | undefined {
  let found: Partial<Record<keyof Manifest, unknown>> | null
  try {
    found = JSON.parse(text)
  } catch {
    return undefined
  }
  const { version, files, directories, guidesUrl, grant, recording } = found ?? {}
  const isWhole =
    typeof version === 'string' &&
    typeof files === 'object' &&
    files !== null &&
    Object.entries(files).every(([path, print]) => isPlainPath(path) && typeof print === 'string') &&
    Array.isArray(directories) &&
    directories.every(isPlainPath) &&
    (guidesUrl === undefined || typeof guidesUrl === 'string') &&
    (grant === undefined || grant === 'systemd' || grant === 'until-boot') &&
    (recording === undefined || recording === 'systemd')
  return isWhole ? (found as Manifest) : undefined
}
