import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { dist } from '../../scripts/build'

/** A process that is measured. */
export interface Measured {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly ended: Promise<unknown>
}

const PLUGIN = join(dist, 'plugins.d', 'tcp_resets.plugin')

/** The built plugin, as Netdata starts it. */
export const startPlugin = (): Measured => start(PLUGIN, '1')

/** A Node of the same version, with the same pipes. */
export const startNode = (...args: string[]): Measured => start(process.execPath, ...args)

function start(command: string, ...args: string[]): Measured {
  // This Node comes first: the plugin's launcher takes what PATH has.
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const child = spawn(command, args, { env: { PATH, LC_ALL: 'C' }, stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdout.resume()
  return { child, ended: once(child, 'close') }
}

export async function stop({ child, ended }: Measured): Promise<void> {
  child.kill('SIGKILL')
  await ended
}
