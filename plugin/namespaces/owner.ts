import { readdirSync, statSync } from 'node:fs'
import { attempt } from '../attempt'
import { readAll, readOnce } from '../sources/kept-file'
import { type Owner, ownerOf } from './cgroup'
import { containerOfMounts, sysSource } from './mounts'

/** Programs that stand beside a container or start it, and say nothing about it. */
const HELPERS = new Set([
  ...['conmon', 'rootlessport', 'rootlesskit', 'slirp4netns', 'pasta', 'pasta.avx2'],
  ...['catatonit', 'pause', 'tini', 'dumb-init', 'docker-init', 'bwrap'],
  ...['runc', 'runc:[1:CHILD]', 'runc:[2:INIT]', 'crun', 'nsenter'],
])
/** What a program is called that started itself through /proc/self/exe. It tells nothing at all. */
const EXE = 'exe'

/**
 * Whom a network namespace belongs to, from some of its processes. The first of these that there is:
 * the name that `ip netns` knows it by, a container, a systemd service, the command of a process. What is said here is
 * text from outside.
 *
 * @param root where the host's root is mounted, `''` for `/`
 * @param pids the oldest first: one that helps a container to start can be older than the container
 * @returns undefined where all of the processes have ended
 */
export function readOwner(root: string, pids: readonly number[]): Owner | undefined {
  // The namespace of process 1 is the host's, when the plugin itself runs in a container.
  if (pids.includes(1)) return { runtime: 'host', name: 'init', identity: 'host' }
  const folders = pids.map(pid => `${root}/proc/${pid}`)
  const owners = folders.map(folder => ownerOf(attempt(() => readOnce(`${folder}/cgroup`)) ?? ''))
  return (
    namedNetns(netnsOfMounts(root, folders)) ??
    withPodNames(root, owners.find(isContainer) ?? firstContainerOfMounts(folders)) ??
    namedNetns(netnsOfInode(root, folders)) ??
    owners.find(owner => owner !== undefined) ??
    commandOf(folders)
  )
}

function isContainer(owner: Owner | undefined): boolean {
  return owner?.containerId !== undefined || owner?.podUid !== undefined
}

/** Rootless podman can run without cgroups. */
function firstContainerOfMounts(folders: readonly string[]): Owner | undefined {
  for (const folder of folders) {
    const owner = containerOfMounts(mountsOf(folder))
    if (owner !== undefined) return owner
  }
  return undefined
}

function commandOf(folders: readonly string[]): Owner | undefined {
  const commands = folders
    .map(folder => attempt(() => readOnce(`${folder}/comm`)))
    .filter(command => command !== undefined)
    .map(command => command.trimEnd())
  if (commands.length === 0) return undefined
  const telling = commands.filter(command => command !== EXE && command !== '')
  return {
    runtime: 'process',
    name: telling.find(command => !HELPERS.has(command)) ?? telling[0] ?? 'unnamed',
  }
}

/**
 * The namespace and name of a Kubernetes pod, and of a container in it. The kubelet keeps the logs of each pod in
 * `/var/log/pods/<namespace>_<pod>_<uid>`, with a link to those of each container from
 * `/var/log/containers/<pod>_<namespace>_<container>-<id>.log`, and anybody may list these folders.
 */
function withPodNames(root: string, owner: Owner | undefined): Owner | undefined {
  const { podUid, containerId } = owner ?? {}
  if (owner === undefined || podUid === undefined) return owner
  const folder = list(`${root}/var/log/pods`).find(name => name.endsWith(`_${podUid}`))
  const [podNamespace, podName] = folder?.split('_') ?? []
  if (podNamespace === undefined || podName === undefined) return owner
  // A pod that is created again under its name is the same to people, with another UID.
  const name = `${podNamespace}_${podName}`
  const named = { ...owner, name, identity: `pod:${name}`, podNamespace, podName }
  const [start, end] = [`${podName}_${podNamespace}_`, `-${containerId}.log`]
  const log = list(`${root}/var/log/containers`).find(name => name.startsWith(start) && name.endsWith(end))
  return log === undefined ? named : { ...named, containerName: log.slice(start.length, -end.length) }
}

function namedNetns(name: string | undefined): Owner | undefined {
  return name === undefined ? undefined : { runtime: 'ip-netns', name, identity: `ip-netns:${name}` }
}

/** What `ip netns exec` says, where ip-netns(8) knows that name. */
function netnsOfMounts(root: string, folders: readonly string[]): string | undefined {
  const names = new Set(list(`${root}/run/netns`))
  if (names.size === 0) return undefined
  return folders
    .map(folder => sysSource(mountsOf(folder)))
    .find(name => name !== undefined && names.has(name))
}

/** Only for root: others may not look at a process's `ns/net`. Containers have names there, too, made from numbers. */
function netnsOfInode(root: string, folders: readonly string[]): string | undefined {
  const names = list(`${root}/run/netns`)
  if (names.length === 0) return undefined
  const inodes = new Set(folders.map(folder => inodeOf(`${folder}/ns/net`)))
  return names.find(name => {
    const inode = inodeOf(`${root}/run/netns/${name}`)
    return inode !== undefined && inodes.has(inode)
  })
}

function inodeOf(path: string): number | undefined {
  return attempt(() => statSync(path).ino)
}

function mountsOf(folder: string): string {
  return attempt(() => readAll(`${folder}/mountinfo`)) ?? ''
}

function list(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? []
}
