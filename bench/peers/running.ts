import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import type { Readable } from 'node:stream'

/** A process of the bench's. */
export interface Running {
  readonly pid: number
  readonly stdout: Readable
  /** What it said last on stderr. */
  complaint(): string
  readonly ended: Promise<unknown>
  stop(): Promise<void>
}

/** nobody's, on every system. */
const NOBODY = 65534
const PATIENCE_MS = 3000

const all = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of all) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** As whom processes are started: nobody, where the bench runs as root and nobody can run this Node; else its own user. */
export const user: { readonly uid?: number; readonly gid?: number } = (() => {
  const nobody = { uid: NOBODY, gid: NOBODY }
  const can = process.getuid?.() === 0 && spawnSync(process.execPath, ['-e', '0'], nobody).status === 0
  return can ? nobody : {}
})()

/** Starts a process with pipes around it. It ends with the bench, whatever happens. */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  // This Node comes first: the plugin's launcher takes what PATH has.
  const PATH = [dirname(process.execPath), process.env.PATH, '/usr/sbin'].join(delimiter)
  const child = spawn(command, args, {
    ...user,
    cwd: '/',
    env: { PATH, LC_ALL: 'C', ...env },
  })
  all.add(child)
  let complaint = ''
  child.stdout.resume()
  child.stderr.setEncoding('utf8').on('data', text => {
    complaint = (complaint + text).slice(-500)
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject).once('close', () => {
      all.delete(child)
      resolve()
    })
  })
  ended.catch(() => {}) // whoever waits for it is told
  return {
    pid: child.pid ?? 0,
    stdout: child.stdout,
    complaint: () => complaint,
    ended,
    async stop() {
      // Asked first: charts.d.plugin has a folder to take away.
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      await ended.catch(() => {})
      clearTimeout(force)
    },
  }
}
