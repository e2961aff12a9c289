import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * An archive has the checksums of its files in it, because a download can end early. A tree that was built here has none.
 *
 * @param dist the built tree
 * @throws naming the files that are not as they were packed
 */
export function refuseDamaged(dist: string): void {
  const sums = join(dist, 'SHA256SUMS')
  if (!existsSync(sums)) return
  const lines = [...readFileSync(sums, 'utf8').matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)]
  const damaged = lines
    .filter(([, sum, path = '']) => sumOf(join(dist, path)) !== sum)
    .map(([, , path]) => path)
  if (damaged.length > 0)
    throw new Error(
      `${dist} has changed since it was packed (${damaged.join(', ')}): get the archive again and unpack it`,
    )
}

function sumOf(path: string): string | undefined {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : undefined
}
