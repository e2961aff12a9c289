import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'
import { isRootsAlone } from '../install/whose'
import type { Connection, End } from './ask'
import type { Processes } from './processes'

/**
 * The processes of FreeBSD, which mounts no /proc by default: from sockstat(1), ps(1) and procstat(1) of its base system.
 * Written from their manual pages and sources, not run there.
 */
export const freebsdProcesses: Processes = {
  atOtherEnd: connection =>
    holdersIn(output('sockstat', ['-46', '-c', '-P', 'tcp', '-p', `${connection.remote.port}`]), connection),
  atSocket: () => [], // nothing of the base system says which process listens on a path in a way that is to be relied on
  named(name) {
    return processes().flatMap(({ pid, parent, args }) => {
      const words = args.split(' ')
      return basename(words[0] ?? '') === name ? [{ pid, parent, args: words }] : []
    })
  },
  descendantRunning(program, ancestor) {
    const all = processes()
    const parents = new Map(all.map(({ pid, parent }) => [pid, parent]))
    return all.find(({ pid, args }) => args.split(' ').includes(program) && descends(pid, ancestor, parents))
      ?.pid
  },
  runs(pid, programs) {
    const program = programIn(output('procstat', ['-b', `${pid}`]), pid)
    return program !== undefined && programs.includes(program) && isRootsAlone(program)
  },
  isService: () => false, // rc.d(8) leaves no mark on what it starts
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
 * The processes that have the other end of a connection, in what `sockstat -c` printed: user, command, process,
 * descriptor, protocol, local address, foreign address. A command may have spaces in its name. A socket that no process
 * has shows `?`.
 */
export function holdersIn(text: string, { local, remote }: Connection): number[] {
  const lines = [...text.matchAll(/^\S+ +.+? +(\d+) +\d+ +tcp\S* +(\S+) +(\S+)/gm)]
  const named = ({ address, port }: End): string => `${address}:${port}`
  return lines
    .filter(([, , theirs, ours]) => theirs === named(remote) && ours === named(local))
    .map(([, pid]) => Number(pid))
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
