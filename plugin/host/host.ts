import { OWN_NAMESPACE } from '../charts/resets'
import type { Log } from '../log'
import { OWN } from '../recording/request'
import { recordBursts } from '../recording/watch'
import { openSource } from '../sources/open'
import { type HostCollector, namespaceCollector } from './collector'

/** What rc(8) of FreeBSD gives its services. */
const RC_PATH = '/sbin:/bin:/usr/sbin:/usr/bin'

/** Makes the collector of the host that the plugin runs on, for so many seconds between collections. */
export type OpenHost = (updateEvery: number) => HostCollector

/**
 * @throws where this system can't be measured at all, as what it returns does
 */
export async function hostOpener(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<OpenHost> {
  if (platform === 'freebsd') {
    // Loaded only here: what starts processes costs memory, and Linux needs none of it.
    const { openFreebsd } = await import('./freebsd-collector')
    return updateEvery => openFreebsd(env.PATH ?? RC_PATH, updateEvery, log)
  }
  return updateEvery => {
    const source = openSource(platform, env.NETDATA_HOST_PREFIX ?? '')
    const watch = recordBursts(OWN, log)
    return {
      ...namespaceCollector(source, updateEvery, log, OWN_NAMESPACE, watch),
      close: source.close,
    }
  }
}
