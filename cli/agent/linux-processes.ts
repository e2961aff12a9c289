import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import type { Processes } from './processes'

/** The processes of Linux, from /proc: proc(5). */
export const linuxProcesses: Processes = {
  listenerOn,
  descendantRunning,
  isTrustedNetdata,
  seesSame,
  ownerOf,
}

/** Of this network namespace. */
function listenerOn(port: number): number | undefined {
  const inodes = new Set([...listening('/proc/net/tcp', port), ...listening('/proc/net/tcp6', port)])
  return pids().find(pid => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some(fd => {
        const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
        return inode !== undefined && inodes.has(inode)
      })
    } catch {
      return false // it has ended, or is another user's
    }
  })
}

/** The inodes of the sockets that listen (state 0A, see include/net/tcp_states.h of Linux) on a port. */
function listening(file: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return (textOf(file) ?? '')
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === '0A')
    .flatMap(fields => fields[9] ?? [])
}

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

function isTrustedNetdata(pid: number): boolean {
  try {
    // Through the link and not by its name: the file may have been upgraded since.
    const { uid, mode } = statSync(`/proc/${pid}/exe`)
    return /\/netdata( \(deleted\))?$/.test(linkOf(`/proc/${pid}/exe`)) && uid === 0 && (mode & 0o022) === 0
  } catch {
    return false
  }
}

/** In a container the same path is another directory. */
function seesSame(pid: number, path: string): boolean {
  try {
    const [theirs, ours] = [statSync(`/proc/${pid}/root${path}`), statSync(path)]
    return theirs.dev === ours.dev && theirs.ino === ours.ino
  } catch {
    return false
  }
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
  try {
    return readdirSync('/proc').map(Number).filter(Boolean)
  } catch {
    return [] // no /proc is mounted
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
