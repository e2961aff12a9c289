import type { Log } from '../log'
import { openSource } from '../sources/open'
import { type Collector, namespaceCollector } from './collector'

/** What rc(8) of FreeBSD gives its services. */
const RC_PATH = '/sbin:/bin:/usr/sbin:/usr/bin'

/**
 * The collector of the host that the plugin runs on.
 *
 * @param updateEvery seconds between collections
 * @throws where this system can't be measured at all
 */
export async function openHost(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  updateEvery: number,
  log: Log,
): Promise<Collector> {
  if (platform === 'freebsd') {
    // Loaded only here: what starts processes costs memory, and Linux needs none of it.
    const { openFreebsd } = await import('./freebsd-collector')
    return openFreebsd(env.PATH ?? RC_PATH, updateEvery, log)
  }
  return namespaceCollector(openSource(platform, env.NETDATA_HOST_PREFIX ?? ''), updateEvery, log)
}
