import { type Collector, namespaceCollector } from './collector'
import { freebsdCollector } from './freebsd-collector'
import type { Log } from './log'
import { freebsdSource } from './sources/freebsd'
import { openSource } from './sources/open'

/**
 * The collector of the host that the plugin runs on.
 *
 * @param updateEvery seconds between collections
 * @throws where this system can't be measured at all
 */
export function openHost(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  updateEvery: number,
  log: Log,
): Collector {
  if (platform === 'freebsd') return freebsdCollector(freebsdSource(env.PATH, updateEvery), updateEvery, log)
  return namespaceCollector(openSource(platform, env.NETDATA_HOST_PREFIX ?? ''), updateEvery, log)
}
