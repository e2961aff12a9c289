import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { attempt } from '../../plugin/attempt'
import { addressOf, type HexEnd, parseTcpSockets, plainAddress } from '../../plugin/sources/net-tcp'
import { isRootsAlone } from '../install/whose'
import type { Connection, End } from './ask'
import type { Processes } from './processes'
import { isSameFile } from './same-file'

/** The processes of Linux, from /proc: proc(5). */
export const linuxProcesses: Processes = {
  atOtherEnd,
  atSocket,
  named,
  descendantRunning,
  runs,
  isService,
  seesSame,
  ownerOf,
}

/** In this network namespace: a connection to itself has a line for each end. */
function atOtherEnd({ local, remote }: Connection): number[] {
  const inode = ['tcp', 'tcp6']
    .flatMap(file => parseTcpSockets(textOf(`/proc/net/${file}`) ?? ''))
    .find(socket => isSame(socket.local, remote) && isSame(socket.remote, local))?.inode
  // An end that its process has closed has none.
  return inode === undefined || inode === '0' ? [] : holdersOf([inode])
}

/** Whoever listens on it, and whoever did before somebody else took the path: unix(7) does not tell them apart. */
function atSocket(path: string): number[] {
  const lines = [...(textOf('/proc/net/unix') ?? '').matchAll(/^\S+:(?: +\S+){5} +(\d+) (.+)$/gm)]
  return holdersOf(lines.flatMap(([, inode = '', bound]) => (bound === path ? [inode] : [])))
}

const holdersOf = (inodes: readonly string[]): number[] =>
  pids().filter(pid => inodes.some(inode => hasOpen(pid, `socket:[${inode}]`)))

function named(name: string): ReturnType<Processes['named']> {
  return pids().flatMap(pid => {
    const args = textOf(`/proc/${pid}/cmdline`)?.split('\0') ?? []
    const parent = basename(args[0] ?? '') === name ? parentOf(pid) : undefined
    return parent === undefined ? [] : [{ pid, parent, args }]
  })
}

function hasOpen(pid: number, link: string): boolean {
  const open = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [] // it has ended, or is another user's
  return open.some(fd => linkOf(`/proc/${pid}/fd/${fd}`) === link)
}

const isSame = (hex: HexEnd, end: End): boolean =>
  hex.port === end.port && addressOf(hex) === plainAddress(end.address)

function descendantRunning(program: string, ancestor: number): number | undefined {
  return pids().find(
    pid => textOf(`/proc/${pid}/cmdline`)?.split('\0').includes(program) && descends(pid, ancestor),
  )
}

function descends(pid: number, ancestor: number): boolean {
  for (let parent = parentOf(pid); parent !== undefined && parent > 0; parent = parentOf(parent)) {
    if (parent === ancestor) return true
  }
  return false
}

function parentOf(pid: number): number | undefined {
  const parent = /^PPid:\t(\d+)$/m.exec(textOf(`/proc/${pid}/status`) ?? '')?.[1]
  return parent === undefined ? undefined : Number(parent)
}

/**
 * systemd gives services mounts of their own, so those may differ; not the user namespace, in which root counts. The
 * program is known by device and inode, whatever path leads to it there.
 */
function runs(pid: number, programs: readonly string[]): boolean {
  try {
    if (linkOf(`/proc/${pid}/ns/user`) !== linkOf('/proc/self/ns/user')) return false
    const exe = statSync(`/proc/${pid}/exe`)
    return programs.some(program => {
      const there = statSync(program, { throwIfNoEntry: false })
      return there?.dev === exe.dev && there.ino === exe.ino && isRootsAlone(program)
    })
  } catch {
    return false
  }
}

/** By its control group, which only root can put it into: systemd.unit(5), and cgroups(7) for the file. */
function isService(pid: number, name: string): boolean {
  return (textOf(`/proc/${pid}/cgroup`) ?? '')
    .split('\n')
    .map(line => line.replace(/^(0:|\d+:name=systemd):/, ''))
    .some(group => `${group}/`.startsWith(`/system.slice/${name}.service/`))
}

/** In a container the same path is another directory. */
function seesSame(pid: number, path: string): boolean {
  return isSameFile(`/proc/${pid}/root${path}`, path)
}

/** Whether a process shares a namespace (`net`, `mnt`, `pid`) with another; undefined where that can't be seen. */
export function sharesNamespace(kind: string, pid: number, other: number): boolean | undefined {
  const [mine, theirs] = [pid, other].map(id => linkOf(`/proc/${id}/ns/${kind}`))
  return mine === '' || theirs === '' ? undefined : mine === theirs
}

function ownerOf(pid: number): { uid: number; gid: number } | undefined {
  const status = textOf(`/proc/${pid}/status`) ?? ''
  const [uid, gid] = ['Uid', 'Gid'].map(key => new RegExp(`^${key}:\\t\\d+\\t(\\d+)`, 'm').exec(status)?.[1])
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

function pids(): number[] {
  const names = attempt(() => readdirSync('/proc')) ?? [] // no /proc is mounted
  return names.map(Number).filter(Boolean)
}

function linkOf(path: string): string {
  return attempt(() => readlinkSync(path)) ?? ''
}

function textOf(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8'))
}
