import { openSync } from 'node:fs'
import { namespaceFinder } from '../../plugin/namespaces/find'
import { wantedName } from '../../plugin/namespaces/name'
import { readOwner } from '../../plugin/namespaces/owner'

/** So many names are offered where none fits. */
const OFFERED = 10

/**
 * Opens the network namespace that a chart is named for: `docker_9ec39b91f3d7`, `default_web-0`.
 *
 * @param name what stands behind `ipv4.tcp_resets_`
 * @param wantedInode of its `net/snmp`: the one namespace that is meant, where that is known
 * @returns a descriptor of it, which stays that of this namespace whatever becomes of its processes
 * @throws where there is none of that name, or more than one
 */
export function openContainer(name: string, wantedInode?: number): number {
  if (process.platform !== 'linux')
    throw new Error('this needs Linux: other systems have no network namespaces')
  const found = new Map<number, number>()
  const offered = new Set<string>()
  const finder = namespaceFinder('/proc')
  for (const _ of finder.search(0));
  for (const { inode, processes } of finder.found.values()) {
    const pids = processes.map(({ pid }) => pid)
    const owner = readOwner('', pids)
    if (owner === undefined || pids[0] === undefined) continue
    const wanted = wantedName(owner.name)
    // The chart of a second one of that name has the inode behind it.
    const isNamed = name === wanted || name === `${wanted}_${inode}`
    if (isNamed && (wantedInode ?? inode) === inode) found.set(inode, pids[0])
    offered.add(wanted)
  }
  const [pid, ...more] = found.values()
  if (pid === undefined) {
    const names = [...offered].sort().slice(0, OFFERED).join(', ')
    throw new Error(
      `no namespace is called ${JSON.stringify(name)}; there are: ${names || 'none that can be seen'}`,
    )
  }
  if (more.length > 0) {
    const names = [...found.keys()].map(inode => `${name}_${inode}`)
    throw new Error(`${found.size} namespaces are called that; say which: ${names.join(', ')}`)
  }
  return openSync(`/proc/${pid}/ns/net`, 'r')
}
