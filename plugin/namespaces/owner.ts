import { readdirSync, statSync } from 'node:fs'
import { readAll, readOnce } from '../sources/kept-file'
import { type Owner, ownerOf } from './cgroup'

/**
 * Whom a network namespace belongs to, from one of its processes: the container or service of its cgroup path, else
 * the name that `ip netns` knows it by, else the command of the process. What is said here is text from outside.
 *
 * @param root where the host's root is mounted, `''` for `/`
 * @returns undefined where the process has ended
 */
export function readOwner(root: string, pid: number): Owner | undefined {
  const folder = `${root}/proc/${pid}`
  // The namespace of process 1 is the host's, when the plugin itself runs in a container.
  if (pid === 1) return { runtime: 'host', name: 'init' }
  try {
    const owner = ownerOf(readOnce(`${folder}/cgroup`))
    if (owner !== undefined) return podName(root, owner) ?? owner
    const name = netnsName(root, folder)
    if (name !== undefined) return { runtime: 'ip-netns', name }
    return { runtime: 'process', name: readOnce(`${folder}/comm`).trimEnd() }
  } catch {
    return undefined
  }
}

/**
 * The namespace and name of a Kubernetes pod. The kubelet keeps the logs of each pod in
 * `/var/log/pods/<namespace>_<pod>_<uid>`, and anybody may list that folder.
 */
function podName(root: string, owner: Owner): Owner | undefined {
  const { podUid } = owner
  if (podUid === undefined) return undefined
  const folder = list(`${root}/var/log/pods`).find(name => name.endsWith(`_${podUid}`))
  return folder === undefined ? undefined : { ...owner, name: folder.slice(0, -podUid.length - 1) }
}

/** A name from `/run/netns`, which ip-netns(8) keeps. */
function netnsName(root: string, folder: string): string | undefined {
  const names = list(`${root}/run/netns`)
  if (names.length === 0) return undefined
  return namedByInode(root, folder, names) ?? namedByMount(folder, names)
}

/** Only for root: others may not look at a process's `ns/net`. */
function namedByInode(root: string, folder: string, names: readonly string[]): string | undefined {
  try {
    const { ino } = statSync(`${folder}/ns/net`)
    return names.find(name => statSync(`${root}/run/netns/${name}`, { throwIfNoEntry: false })?.ino === ino)
  } catch {
    return undefined
  }
}

/**
 * `ip netns exec` mounts a new /sys, with the name of the namespace as what is mounted (iproute2, lib/namespace.c).
 * Anybody may read the mounts of a process: proc(5), /proc/pid/mountinfo.
 */
function namedByMount(folder: string, names: readonly string[]): string | undefined {
  const mounts = readAll(`${folder}/mountinfo`).matchAll(/ \/sys [^\n]* - sysfs (\S+) /g)
  const source = [...mounts].at(-1)?.[1]
  return names.find(name => name === source)
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
