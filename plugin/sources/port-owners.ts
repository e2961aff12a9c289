import { closeSync, opendirSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { attempt } from '../attempt'
import { commandName } from './command-name'
import { parseTcpSockets, type TcpSocket } from './net-tcp'

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
  /** Whether it is known to be of this network namespace. */
  readonly isOurs?: boolean
}

/** Listening sockets come first in the file; a host with very many connections has too many to read them all. */
const MAX_TABLE_BYTES = 1024 * 1024
const CHUNK_BYTES = 64 * 1024
const MAX_NAMES = 3
/** Of sockets that nobody holds any more. */
const NO_INODE = '0'

/** How the owners are looked for. */
export interface OwnerSearch {
  /** Whether there may be another network namespace than this one. */
  readonly mayHaveOthers: () => boolean
  /** Milliseconds after which what is known by then is the answer. */
  readonly patience: number
}

/**
 * Finds the owners of local ports: the socket's in /proc/net/tcp and tcp6, then the process that has it open. A user
 * without privilege sees the first for all, the second only for its own.
 *
 * Those files tell of this network namespace only: a port is one of ours when that is known, when its address is this
 * host's own, or when there is no other namespace.
 *
 * @param root where the host's root is mounted, `''` for `/`
 * @returns makes a search in short steps
 */
export function portOwners(
  root: string,
  { mayHaveOthers, patience }: OwnerSearch,
): (wanted: readonly WantedPort[]) => Generator<undefined, Map<number, PortOwner>> {
  const proc = `${root}/proc`
  return function* (wanted) {
    const until = performance.now() + patience
    const addresses = mayHaveOthers() ? ownAddresses() : undefined
    const ports = new Set(
      wanted
        .filter(
          ({ address, isOurs }) => isOurs || addresses === undefined || (address && addresses.has(address)),
        )
        .map(({ port }) => port),
    )
    const owners = new Map<number, PortOwner>()
    if (ports.size === 0) return owners
    const sockets: TcpSocket[] = []
    for (const file of ['tcp', 'tcp6'])
      for (const chunk of tableOf(`${proc}/net/${file}`)) {
        for (const socket of parseTcpSockets(chunk))
          if (ports.has(socket.local.port) && socket.inode !== NO_INODE) sockets.push(socket)
        yield
      }
    const names = new Map<string, Set<string>>(sockets.map(({ inode }) => [inode, new Set()]))
    for (const _ of findNames(proc, names)) {
      if (performance.now() > until) break
      yield
    }
    const users = userNames(`${root}/etc/passwd`)
    for (const port of ports) {
      const here = sockets.filter(({ local }) => local.port === port)
      // Whoever listens has the port; a connection of it may be in other hands.
      const those = here.some(({ listens }) => listens) ? here.filter(({ listens }) => listens) : here
      const owner = ownerOf(those, names, users)
      if (owner !== undefined) owners.set(port, owner)
    }
    return owners
  }
}

function ownerOf(
  sockets: readonly TcpSocket[],
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

/** The beginning of a table of sockets in pieces of whole lines. */
function* tableOf(path: string): Generator<string> {
  const fd = attempt(() => openSync(path, 'r'))
  // No IPv6, or no such file here: nobody is known.
  if (fd === undefined) return
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    let rest = ''
    for (let size = 0; size < MAX_TABLE_BYTES; ) {
      const got = attempt(() => readSync(fd, buffer, 0, buffer.length, null)) ?? 0
      if (got === 0) return
      size += got
      const text = rest + buffer.toString('latin1', 0, got)
      const end = text.lastIndexOf('\n') + 1
      rest = text.slice(end)
      yield text.slice(0, end)
    }
  } finally {
    closeSync(fd)
  }
}

function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
  return new Set(all.filter(({ internal }) => !internal).map(({ address }) => address))
}

/** The names in a folder, some at a time. Another user's, or that of a process that has just ended, gives none. */
function* entriesOf(path: string): Generator<string> {
  const folder = attempt(() => opendirSync(path))
  if (folder === undefined) return
  try {
    for (;;) {
      const entry = attempt(() => folder.readSync())
      if (!entry) return
      yield entry.name
    }
  } finally {
    folder.closeSync()
  }
}

/** Adds the programs that have each of the sockets open. A step looks at one process, or at one descriptor. */
function* findNames(proc: string, names: ReadonlyMap<string, Set<string>>): Generator<undefined> {
  if (names.size === 0) return
  for (const pid of entriesOf(proc)) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of entriesOf(`${proc}/${pid}/fd`)) {
      const link = attempt(() => readlinkSync(`${proc}/${pid}/fd/${fd}`)) ?? ''
      const found = names.get(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '')
      const name = found && attempt(() => readFileSync(`${proc}/${pid}/comm`))
      // Without the end of the line.
      if (name !== undefined) found?.add(commandName(name.subarray(0, -1)))
      yield
    }
    yield
  }
}

function userNames(path: string): Map<number, string> {
  const text = attempt(() => readFileSync(path, 'utf8')) ?? ''
  const lines = text.matchAll(/^([^:\n]{1,32}):[^:\n]*:(\d{1,10}):/gm)
  return new Map([...lines].map(([, name = '', uid]) => [Number(uid), name]))
}
