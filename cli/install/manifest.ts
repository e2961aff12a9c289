import { join } from 'node:path'
import { isPlainPath, readRegular } from './file'

/** Everything that an installation did, so that it can be taken back. */
export interface Manifest {
  readonly version: string
  /** By path, as `fingerprint` gives it. Of a container's files the paths are those that it sees, so in the file. */
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

/** Everything in it that is a path, as another place sees it. */
function moved(manifest: Manifest, move: (path: string) => string): Manifest {
  const files = Object.entries(manifest.files).map(([path, print]) => [move(path), print])
  return { ...manifest, files: Object.fromEntries(files), directories: manifest.directories.map(move) }
}

/** @param root what stands for `/` there */
export function writtenManifest(manifest: Manifest, root: string): Buffer {
  const seen = moved(manifest, path => join('/', path.slice(root === '/' ? 0 : root.length)))
  return Buffer.from(`${JSON.stringify(seen, undefined, 2)}\n`)
}

/**
 * @param state the directory it is in
 * @param root what stands for `/` there
 * @returns undefined where nothing was installed
 * @throws where there is one that can't be read
 */
export function readManifest(state: string, root = '/'): Manifest | undefined {
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
  return root === '/' ? manifest : moved(manifest, each => join(root, each))
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
