import { byId, type Owner } from './cgroup'

// What the mounts of a process tell about whom it belongs to: proc(5), /proc/<pid>/mountinfo. Each line is
// `<id> <parent> <device> <root> <mount point> <options> [<field> ...] - <type> <source> <options>`.

/** The files that runtimes put into each container from a folder of its own. */
const FILES = new Set(['/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/run/.containerenv'])

/** By the folder that has one for each container. */
const RUNTIMES: readonly (readonly [pattern: RegExp, runtime: string])[] = [
  // overlay-containers, vfs-containers: after how images are stored.
  [/\/[a-z]+-containers\/([0-9a-f]{64})\//, 'podman'],
  [/\/sandboxes\/([0-9a-f]{64})\//, 'containerd'],
  [/\/nerdctl\/.*\/containers\/[^/]+\/([0-9a-f]{64})\//, 'containerd'],
  [/\/containers\/([0-9a-f]{64})\//, 'docker'],
]

/**
 * The name that `ip netns exec` says: it mounts a new /sys, with the name of the namespace as what is mounted
 * (iproute2, lib/namespace.c).
 */
export function sysSource(mountinfo: string): string | undefined {
  return [...mountinfo.matchAll(/ \/sys [^\n]* - sysfs (\S+) /g)].at(-1)?.[1]
}

/** The network namespaces that mounts keep, as those of `ip netns` do: `net:[4026532178]`, as in the link `ns/net`. */
export function netnsMounts(mountinfo: string): string[] {
  return [...mountinfo.matchAll(/ (net:\[\d+\]) [^\n]* - nsfs /g)].map(([, link = '']) => link)
}

/** The container of a process that has the files of one, for where its cgroup does not tell. */
export function containerOfMounts(mountinfo: string): Owner | undefined {
  for (const line of mountinfo.split('\n')) {
    const [, , , root = '', point = ''] = line.split(' ')
    if (!FILES.has(point)) continue
    for (const [pattern, runtime] of RUNTIMES) {
      const id = pattern.exec(root)?.[1]
      if (id !== undefined) return byId(runtime, runtime, id)
    }
  }
  return undefined
}
