import type { Counted } from '../analysis/received'
import { OWN_NAMESPACE } from '../charts/resets'
import type { Log } from '../log'
import { statInode } from '../namespaces/processes'
import { OWN } from '../recording/request'
import { recordBursts } from '../recording/watch'
import { openSource } from '../sources/open'
import { OWN_KEY, type UsualMemory } from '../usual-memory'
import { type HostCollector, namespaceCollector } from './collector'

/** What rc(8) of FreeBSD gives its services. */
const RC_PATH = '/sbin:/bin:/usr/sbin:/usr/bin'

/** Makes the collector of the host that the plugin runs on, for so many seconds between collections. */
export type OpenHost = (updateEvery: number) => HostCollector

/**
 * @param countReceived what is counted of the resets that a namespace receives, by the inode of its `net/stat`
 * @throws where this system can't be measured at all, as what it returns does
 */
export async function hostOpener(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  usual: UsualMemory,
  log: Log,
  countReceived: (statInode: number) => Counted | undefined,
): Promise<OpenHost> {
  if (platform === 'freebsd') {
    // Loaded only here: what starts processes costs memory, and Linux needs none of it.
    const { openFreebsd } = await import('./freebsd-collector')
    return updateEvery => openFreebsd(env.PATH ?? RC_PATH, updateEvery, usual.follower(OWN_KEY), log)
  }
  const root = env.NETDATA_HOST_PREFIX ?? ''
  const inode = statInode(`${root}/proc`, '')
  const count = () => (inode === undefined ? undefined : countReceived(inode))
  return updateEvery => {
    const source = openSource(platform, root)
    const watch = recordBursts(OWN, log)
    return {
      ...namespaceCollector(source, updateEvery, log, usual.follower(OWN_KEY), OWN_NAMESPACE, watch, count),
      close: source.close,
    }
  }
}
