import { openSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { wantedName } from '../../plugin/namespaces/name'
import { readOwner } from '../../plugin/namespaces/owner'

/** So many names are offered where none fits. */
const OFFERED = 10

/**
 * Opens the network namespace that a chart is named for: `docker_9ec39b91f3d7`, `default_web-0`.
 *
 * @param name what stands behind `ipv4.tcp_resets_`
 * @returns a descriptor of it, which stays that of this namespace whatever becomes of its processes
 * @throws where there is none of that name, or more than one
 */
export function openContainer(name: string): number {
  if (process.platform !== 'linux')
    throw new Error('--container needs Linux: other systems have no network namespaces')
  const found = new Map<string, number>()
  const offered = new Set<string>()
  for (const [inode, pid] of oneOfEach()) {
    const owner = readOwner('', pid)
    if (owner === undefined) continue
    const wanted = wantedName(owner.name)
    // The chart of a second one of that name has the inode behind it.
    if (name === wanted || name === `${wanted}_${inode}`) found.set(inode, pid)
    offered.add(wanted)
  }
  const [pid, ...more] = found.values()
  if (pid === undefined) {
    const names = [...offered].sort().slice(0, OFFERED).join(', ')
    throw new Error(
      `--container: no namespace is called ${JSON.stringify(name)}; there are: ${names || 'none that can be seen'}`,
    )
  }
  if (more.length > 0) {
    const names = [...found.keys()].map(inode => `${name}_${inode}`)
    throw new Error(`--container: ${found.size} namespaces are called that; say which: ${names.join(', ')}`)
  }
  return openSync(`/proc/${pid}/ns/net`, 'r')
}

/** A process of each network namespace but our own, by the inode that its chart would have. */
function oneOfEach(): Map<string, number> {
  const own = readlinkSync('/proc/self/ns/net')
  const pids = new Map<string, number>()
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    try {
      if (readlinkSync(`/proc/${pid}/ns/net`) === own) continue
      const inode = String(statSync(`/proc/${pid}/net/snmp`).ino)
      if (!pids.has(inode)) pids.set(inode, pid)
    } catch {
      // It has ended, or is somebody else's and we are not root.
    }
  }
  return pids
}
