import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './build'

/** For what is fetched once. */
export const CACHE = join(root, 'node_modules', '.cache')

/**
 * Gets a package from the npm registry that is for some machines only. It can't be one of devDependencies: npm installs
 * all of those or nothing.
 *
 * @param folder gets `node_modules` with the package
 */
export function fetchPackage(folder: string, name: string, version: string): void {
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  mkdirSync(folder, { recursive: true })
  spawnSync('npm', ['install', ...options, '--prefix', folder, `${name}@${version}`])
}
