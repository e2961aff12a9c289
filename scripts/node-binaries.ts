import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, fetchPackage } from './from-registry'

/** The newest of every release line that the built plugin is tried on. */
export const SUPPORTED_NODES = ['18.20.8', '20.20.2', '22.23.3', '24.21.0']
/** Those that it must refuse with a clear word. */
export const OLD_NODES = ['10.24.1', '12.22.12', '16.20.2']

const registryPackage = `node-${process.platform}-${process.arch}`
const cache = join(CACHE, 'node-binaries')

/** A folder for a PATH with only this Node in it; undefined where `fetchNodes` did not get it. */
export function nodeFolder(version: string): string | undefined {
  const folder = join(cache, version, 'only')
  return existsSync(join(folder, 'node')) ? folder : undefined
}

/** Gets the Nodes that are not there yet from the npm registry, where they are ordinary packages. */
export function fetchNodes(): void {
  for (const version of [...SUPPORTED_NODES, ...OLD_NODES]) {
    if (nodeFolder(version) !== undefined) continue
    const folder = join(cache, version)
    fetchPackage(folder, registryPackage, version)
    const node = join(folder, 'node_modules', registryPackage, 'bin', 'node')
    if (!existsSync(node)) continue
    mkdirSync(join(folder, 'only'), { recursive: true })
    symlinkSync(node, join(folder, 'only', 'node'))
  }
}
