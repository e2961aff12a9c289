import { type LinuxCounter, linuxSource } from './linux'
import type { Source } from './source'

/**
 * The source of the counters of this system.
 *
 * @param root where the host's root is mounted, `''` for `/`
 * @throws where there is none for this system
 */
export function openSource(platform: NodeJS.Platform, root: string): Source<LinuxCounter> {
  if (platform === 'linux') return linuxSource(root)
  throw new Error(`there is no source of TCP counters for ${platform} yet, only for linux and freebsd`)
}
