import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** A package of others that is in a bundle. */
export interface ThirdParty {
  readonly name: string
  readonly version: string
  /** SPDX, as its package.json says. */
  readonly licence: string
  readonly text: string
}

const LICENCE_FILE = /^licen[cs]e(\.(md|txt))?$/i

/**
 * The packages that bundles have something of in them, by name.
 *
 * @param metafiles what esbuild says went into each
 * @param folder where the paths in them are relative to
 * @param others names of packages that are in them in another way
 * @throws naming the package that has no licence
 */
export function thirdParties(
  metafiles: readonly Metafile[],
  folder: string,
  others: readonly string[] = [],
): ThirdParty[] {
  const inputs = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap(output => Object.entries(output.inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  const folders = inputs.flatMap(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [])
  return [...new Set([...folders, ...others.map(name => `node_modules/${name}`)])]
    .map(path => describe(join(folder, path)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function describe(folder: string): ThirdParty {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find(each => LICENCE_FILE.test(each))
  if (typeof license !== 'string' || file === undefined) {
    throw new Error(
      `${name} is in the bundle: expected a licence in its package.json and a file with its text`,
    )
  }
  return { name, version, licence: license, text: readFileSync(join(folder, file), 'utf8').trim() }
}

/** The list, for whoever gets the bundles. */
export function listOf(packages: readonly ThirdParty[]): string {
  const head = 'The programs in this tree are bundles, and have parts of these npm packages in them.\n'
  return head + packages.map(partOf).join('')
}

/** What the list says of one. */
export function partOf({ name, version, licence, text }: ThirdParty): string {
  return `\n${'-'.repeat(78)}\n${name} ${version} (${licence})\n\n${text}\n`
}
