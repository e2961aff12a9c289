import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from '../../plugin/attempt'
import { NETNS, NETWORK, POD_CONTAINERS, POD_LOGS, PROC, PROCESSES, TRACING } from '../agent/container-needs'
import type { Agent } from '../agent/find'
import { type Finding, good, note } from './finding'

/**
 * Where a container has what it sees of its host, as its Netdata is told by `-s`.
 *
 * @returns undefined where this is no container
 */
export function hostSeenAt({ conf }: Agent): string | undefined {
  const prefix = conf?.get('global')?.get('host access prefix')
  if (prefix) return prefix
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv') ? '/host' : undefined
}

/**
 * Whether this container has the network of its host, by a number that everybody may see.
 *
 * @returns undefined where the host's /proc is not there
 */
export function hasNetworkOf(host: string): boolean | undefined {
  const [own, hosts] = ['/proc/self', join(host, 'proc/1')].map(of =>
    attempt(() => statSync(join(of, 'net/stat')).ino),
  )
  return hosts === undefined ? undefined : own === hosts
}

/** Whether what is there are namespaces: those made since a mount without `rslave` are plain files. */
function showsNamespaces(dir: string): boolean {
  const [own, ...others] = [
    '/proc/self/ns/net',
    ...(attempt(() => readdirSync(dir)) ?? []).map(name => join(dir, name)),
  ].map(path => attempt(() => statSync(path).dev))
  return existsSync(dir) && others.every(dev => dev === own)
}

/** In a container: what it is not shown of its host, and the flags that would show it. */
export function checkContainer(agent: Agent, platform: NodeJS.Platform): Finding[] {
  const host = hostSeenAt(agent)
  if (platform !== 'linux' || host === undefined) return []
  const network = hasNetworkOf(host)
  // The number of a process is that of the namespace that its /proc was mounted in.
  const [own, hosts] = ['/proc/self', join(host, 'proc/self')].map(path => attempt(() => readlinkSync(path)))
  const missing = [
    ...(network ? [] : [NETWORK]),
    ...(own === hosts ? [] : [PROCESSES]),
    ...(network === undefined ? [PROC] : []),
    ...(existsSync(join(host, 'var/log/pods')) ? [] : [POD_LOGS]),
    ...(existsSync(join(host, 'var/log/containers')) ? [] : [POD_CONTAINERS]),
    ...(showsNamespaces(join(host, 'run/netns')) ? [] : [NETNS]),
    ...(existsSync('/run/netdata-tcp-resets') ? [] : [TRACING]),
  ]
  if (missing.length === 0)
    return [good('container', `it sees all that the plugin needs of its host, below ${host}`)]
  const saw = `this is a container, and it lacks: ${missing.map(({ why }) => why).join('; ')}`
  return [note('container', saw, `of these, add what you want: ${missing.map(({ flag }) => flag).join(' ')}`)]
}
