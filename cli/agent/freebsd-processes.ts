import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Processes } from './processes'

/**
 * The processes of FreeBSD, which mounts no /proc by default: from sockstat(1), ps(1) and procstat(1) of its base system.
 * Written from their manual pages and sources, not run there.
 */
export const freebsdProcesses: Processes = {
  listenerOn: port => listenersIn(output('sockstat', ['-46', '-l', '-P', 'tcp', '-p', `${port}`]), port)[0],
  descendantRunning(program, ancestor) {
    const all = processes()
    const parents = new Map(all.map(({ pid, parent }) => [pid, parent]))
    return all.find(({ pid, args }) => args.split(' ').includes(program) && descends(pid, ancestor, parents))
      ?.pid
  },
  isTrustedNetdata(pid) {
    const program = programIn(output('procstat', ['-b', `${pid}`]), pid)
    return program !== undefined && /\/netdata$/.test(program) && onlyRootChanges(program)
  },
  // The kernel tells no other process's root, but a jail has one of its own.
  seesSame(pid) {
    const all = processes()
    const jailOf = (id: number): string | undefined => all.find(process => process.pid === id)?.jail
    return jailOf(pid) !== undefined && jailOf(pid) === jailOf(process.pid)
  },
  ownerOf: pid => processes().find(process => process.pid === pid),
}

/** One line of ps(1). */
export interface Process {
  readonly pid: number
  readonly parent: number
  /** Effective user and group. */
  readonly uid: number
  readonly gid: number
  /** The id of its jail; 0 outside of all. */
  readonly jail: string
  readonly args: string
}

/** The keywords of ps(1) that make up a line; an empty header for each leaves the headers out. */
const KEYWORDS = ['pid', 'ppid', 'uid', 'gid', 'jid', 'args']

function processes(): Process[] {
  return processesIn(output('ps', ['-axww', ...KEYWORDS.flatMap(keyword => ['-o', `${keyword}=`])]))
}

/** The processes in what `ps -o pid= -o ppid= -o uid= -o gid= -o jid= -o args=` printed. */
export function processesIn(text: string): Process[] {
  return [...text.matchAll(/^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(.*)$/gm)].map(
    ([, pid, parent, uid, gid, jail = '', args = '']) => ({
      pid: Number(pid),
      parent: Number(parent),
      uid: Number(uid),
      gid: Number(gid),
      jail,
      args,
    }),
  )
}

/**
 * The processes that listen on a port, in what `sockstat -l` printed: user, command, process, descriptor, protocol,
 * local address, foreign address. A command may have spaces in its name. A socket that no process has shows `?`.
 */
export function listenersIn(text: string, port: number): number[] {
  const lines = text.matchAll(/^\S+ +.+? +(\d+) +\d+ +tcp\S* +\S+:(\d+) +\S+:\*/gm)
  return [...lines].filter(([, , local]) => Number(local) === port).map(([, pid]) => Number(pid))
}

/** The program of a process, in what `procstat -b` printed: process, command, release, path. `-` where it has none. */
export function programIn(text: string, pid: number): string | undefined {
  return new RegExp(`^ *${pid} +.+? +\\d+ +(/.*)$`, 'm').exec(text)?.[1]
}

function descends(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let parent = parents.get(pid); parent !== undefined && parent > 0; parent = parents.get(parent)) {
    if (parent === ancestor) return true
  }
  return false
}

/**
 * Whether a file and all directories above it are root's and nobody else may write to them. The directories as well: on
 * FreeBSD anybody can make a hard link to a file of root, under any name.
 */
function onlyRootChanges(path: string): boolean {
  try {
    const { uid, mode } = statSync(path)
    return uid === 0 && (mode & 0o022) === 0 && (path === '/' || onlyRootChanges(dirname(path)))
  } catch {
    return false
  }
}

/** What a program of the base system prints; nothing where it is not there or fails. */
function output(program: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(program, args, {
    // Nothing else: LIBXO_OPTIONS, for one, changes what they print.
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: 10_000,
    maxBuffer: 16 * 1024 * 1024,
  })
  return status === 0 ? stdout : ''
}
