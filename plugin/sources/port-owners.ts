import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { attempt } from '../attempt'

/** Who holds a local port, as far as this user may know. */
export interface PortOwner {
  /** Names of up to three programs. */
  readonly process?: string
  readonly user?: string
}

/** A port that is asked for, with this host's address where one is known. */
export interface WantedPort {
  readonly port: number
  readonly address?: string | undefined
}

interface Socket {
  readonly port: number
  readonly uid: number
  readonly inode: string
  readonly listens: boolean
}

/** Listening sockets come first in the file; a host with very many connections has too many to read them all. */
const MAX_TABLE_BYTES = 1024 * 1024
const MAX_DESCRIPTORS = 50_000
const MAX_NAMES = 3
const LISTEN = '0A'
/** What the kernel prints for sockets that nobody holds any more, as in TIME_WAIT; their user is printed as 0. */
const NO_INODE = '0'

/**
 * Finds the owners of local ports: the socket's in /proc/net/tcp and tcp6 (kernel: Documentation/networking/proc_net_tcp.rst),
 * then the process that has it open. A user without privilege sees the first for all, the second only for its own.
 *
 * Those files tell of this network namespace only, and a trace event does not tell which one it is of: a port counts as
 * one of ours when its address is this host's own, or when no process that can be seen is in another namespace.
 *
 * @param prefix where the host's root is mounted, `''` for `/`
 * @param mostDescriptors so many open files are looked at, over all processes
 */
export function portOwners(
  prefix: string,
  mostDescriptors = MAX_DESCRIPTORS,
): (wanted: readonly WantedPort[]) => Map<number, PortOwner> {
  const proc = `${prefix}/proc`
  return wanted => {
    const { isOnlyNamespace, pids } = processes(proc)
    const own = isOnlyNamespace ? undefined : ownAddresses()
    const ports = new Set(
      wanted
        .filter(({ address }) => own === undefined || (address !== undefined && own.has(address)))
        .map(({ port }) => port),
    )
    if (ports.size === 0) return new Map()
    const sockets = ['tcp', 'tcp6']
      .flatMap(file => parseSockets(readStart(`${proc}/net/${file}`)))
      .filter(({ port, inode }) => ports.has(port) && inode !== NO_INODE)
    const names = namesOf(proc, pids, new Set(sockets.map(({ inode }) => inode)), mostDescriptors)
    const users = userNames(`${prefix}/etc/passwd`)
    const owners = new Map<number, PortOwner>()
    for (const port of ports) {
      const here = sockets.filter(socket => socket.port === port)
      // Whoever listens has the port; a connection of it may be in other hands.
      const those = here.some(({ listens }) => listens) ? here.filter(({ listens }) => listens) : here
      const owner = ownerOf(those, names, users)
      if (owner !== undefined) owners.set(port, owner)
    }
    return owners
  }
}

function ownerOf(
  sockets: readonly Socket[],
  names: ReadonlyMap<string, ReadonlySet<string>>,
  users: ReadonlyMap<number, string>,
): PortOwner | undefined {
  const uids = new Set(sockets.map(({ uid }) => uid))
  const [uid] = uids
  if (uid === undefined) return undefined
  const programs = new Set(sockets.flatMap(({ inode }) => [...(names.get(inode) ?? [])]))
  return {
    ...(programs.size > 0 && { process: [...programs].slice(0, MAX_NAMES).join(', ') }),
    ...(uids.size === 1 && { user: users.get(uid) ?? String(uid) }),
  }
}

/** The lines of /proc/net/tcp or tcp6 that are whole. */
export function parseSockets(text: string): Socket[] {
  const lines = text.matchAll(
    /^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:[\dA-F]{4} ([\dA-F]{2}) \S+ \S+ \S+ +(\d{1,10}) +\d+ (\d{1,20}) .*\n/gm,
  )
  return [...lines].map(([, port = '', state = '', uid = '', inode = '']) => ({
    port: Number.parseInt(port, 16),
    uid: Number(uid),
    inode,
    listens: state === LISTEN,
  }))
}

function readStart(path: string): string {
  try {
    const fd = openSync(path, 'r')
    try {
      const buffer = Buffer.allocUnsafe(MAX_TABLE_BYTES)
      let size = 0
      for (let got = 1; got > 0 && size < buffer.length; size += got) {
        got = readSync(fd, buffer, size, buffer.length - size, null)
      }
      return buffer.toString('latin1', 0, size)
    } finally {
      closeSync(fd)
    }
  } catch {
    return '' // no IPv6, or no such file here: nobody is known
  }
}

/** The processes that can be seen, and whether all of them are in the network namespace of this one. */
function processes(proc: string): { pids: string[]; isOnlyNamespace: boolean } {
  const pids = readdirSync(proc).filter(name => /^\d+$/.test(name))
  const namespace = namespaceOf(`${proc}/self`)
  const isOther = (pid: string): boolean => {
    const other = namespaceOf(`${proc}/${pid}`)
    return other !== undefined && other !== namespace
  }
  // Where even process 1 can't be seen (proc's hidepid), there may be others.
  return { pids, isOnlyNamespace: namespaceOf(`${proc}/1`) === namespace && !pids.some(isOther) }
}

/** The inode of this file is the same for all processes of a network namespace, and readable where `ns/net` is not. */
function namespaceOf(process: string): number | undefined {
  return attempt(() => statSync(`${process}/net/snmp`).ino)
}

function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
  return new Set(all.filter(({ internal }) => !internal).map(({ address }) => address))
}

/** The programs that have each of the sockets open. */
function namesOf(
  proc: string,
  pids: readonly string[],
  inodes: ReadonlySet<string>,
  mostDescriptors: number,
): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  let left = mostDescriptors
  for (const pid of pids) {
    // Another user's, or one that has just ended, gives nothing: not known.
    for (const fd of attempt(() => readdirSync(`${proc}/${pid}/fd`)) ?? []) {
      if (left-- === 0) return names
      const link = attempt(() => readlinkSync(`${proc}/${pid}/fd/${fd}`)) ?? ''
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1]
      if (inode === undefined || !inodes.has(inode)) continue
      const name = attempt(() => readFileSync(`${proc}/${pid}/comm`, 'utf8').trimEnd())
      if (name !== undefined) names.set(inode, (names.get(inode) ?? new Set()).add(name))
    }
  }
  return names
}

function userNames(path: string): Map<number, string> {
  const text = attempt(() => readFileSync(path, 'utf8')) ?? ''
  const lines = text.matchAll(/^([^:\n]{1,32}):[^:\n]*:(\d{1,10}):/gm)
  return new Map([...lines].map(([, name = '', uid]) => [Number(uid), name]))
}
