import { chmodSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * Gives every directory and file of a tree its mode, whatever the umask was: programs can be run, by everybody, and the
 * rest can be read.
 *
 * @param programs matches their paths, relative to the tree
 */
export function setModes(tree: string, programs: RegExp): void {
  for (const entry of readdirSync(tree, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) chmodSync(path, 0o755)
    else if (entry.isFile()) chmodSync(path, programs.test(relative(tree, path)) ? 0o755 : 0o644)
  }
}
