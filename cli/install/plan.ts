import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Layout } from '../agent/layout'
import type { Placement } from './file'
import { fingerprint, fingerprintOf, readRegular } from './file'
import { healthFileFor } from './health-form'
import { type Manifest, manifestIn, writtenManifest } from './manifest'
import { missingDirectories } from './transaction'

/** A file of ours, and what becomes of one that somebody has edited. */
export interface Wanted extends Placement {
  /** `ours-beside`: theirs stays, ours is put beside it. `theirs-beside`: a program; ours is put, theirs kept beside it. */
  readonly ifEdited: 'ours-beside' | 'theirs-beside'
}

/** What is to be done, in all. */
export interface Plan {
  readonly put: readonly Placement[]
  readonly remove: readonly string[]
  readonly manifest: Manifest
  /** For a person. */
  readonly notes: readonly string[]
}

/**
 * The four kinds of files, from the built tree.
 *
 * @param guidesUrl what the addresses of the guides in the alarms begin with: notices need the whole one
 */
export function ownFiles(dist: string, layout: Layout, guidesUrl: string | undefined): Wanted[] {
  const from = (...parts: string[]): Buffer => readFileSync(join(dist, ...parts))
  const health = from(...healthFileFor(layout.stockConf)).toString()
  const linked =
    guidesUrl === undefined
      ? health
      : health.replaceAll('/guides/tcp/', `${guidesUrl.replace(/\/$/, '')}/guides/tcp/`)
  const edit = { mode: 0o644, ifEdited: 'ours-beside' } as const
  const owner = webOwner(layout.web)
  return [
    {
      path: join(layout.plugins, 'tcp_resets.plugin'),
      content: from('plugins.d', 'tcp_resets.plugin'),
      mode: 0o755,
      ifEdited: 'theirs-beside',
    },
    { path: join(layout.stockConf, 'tcp_resets.conf'), content: from('conf.d', 'tcp_resets.conf'), ...edit },
    { path: join(layout.userConf, 'health.d', 'tcp_resets.conf'), content: Buffer.from(linked), ...edit },
    ...readdirSync(join(dist, 'web', 'guides', 'tcp')).map(name => ({
      path: join(layout.web, 'guides', 'tcp', name),
      content: from('web', 'guides', 'tcp', name),
      ...edit,
      ...(owner && { owner }),
    })),
  ]
}

/** Some agents serve only files of one owner, `[web] web files owner`: whoever owns the ones that are there. */
function webOwner(web: string): Placement['owner'] {
  const index = join(web, 'index.html')
  const stat = lstatSync(index, { throwIfNoEntry: false })
  const owned = stat?.isFile() ? stat : lstatSync(web, { throwIfNoEntry: false })
  return owned && { uid: owned.uid, gid: owned.gid }
}

/**
 * Compares what is wanted with what is there and with what an earlier installation put there.
 *
 * @param version of what is installed
 * @param before the manifest of the earlier one
 * @param made directories that were made for this installation already
 * @param root what stands for `/`
 */
export function makePlan(
  wanted: readonly Wanted[],
  state: string,
  before: Manifest | undefined,
  also: Pick<Manifest, 'version' | 'guidesUrl' | 'grant' | 'recording'>,
  made: readonly string[] = [],
  root = '/',
): Plan {
  const put: Placement[] = []
  const notes: string[] = []
  const files: Record<string, string> = {}
  for (const file of wanted) {
    const mine = fingerprint(file.content)
    const there = fingerprintOf(file.path)
    const untouched = there === undefined || there === mine || there === before?.files[file.path]
    if (untouched || file.ifEdited === 'theirs-beside') {
      if (!untouched) {
        notes.push(`${file.path} was changed since we put it there: the old one is now ${file.path}.saved`)
        put.push({ path: `${file.path}.saved`, content: readRegular(file.path), mode: 0o644 })
      }
      put.push(file)
      files[file.path] = mine
    } else {
      const path = `${file.path}.new`
      notes.push(`${file.path} is yours and stays as it is; ours is beside it: ${path}`)
      put.push({ ...file, path })
      files[path] = mine
    }
  }
  const gone = Object.keys(before?.files ?? {}).filter(path => !(path in files))
  const { remove, kept } = removable(before, gone)
  notes.push(
    ...kept.filter(path => !wanted.some(file => file.path === path)).map(path => `${path}: edited, kept`),
  )
  const paths = [...put.map(({ path }) => path), manifestIn(state)]
  const directories = [
    ...new Set([...(before?.directories ?? []), ...made, ...missingDirectories(paths)]),
  ].sort()
  const manifest = { ...also, files, directories }
  put.push({
    path: manifestIn(state),
    content: writtenManifest(manifest, root),
    mode: 0o644,
  })
  return { put, remove, manifest, notes }
}

/** Which of these files are still as we left them, and which somebody has edited; those that are gone are neither. */
export function removable(
  manifest: Manifest | undefined,
  paths: readonly string[],
): { remove: string[]; kept: string[] } {
  const remove: string[] = []
  const kept: string[] = []
  for (const path of paths) {
    const there = fingerprintOf(path)
    if (there !== undefined) (there === manifest?.files[path] ? remove : kept).push(path)
  }
  return { remove, kept }
}
