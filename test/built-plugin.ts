import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const plugin = join(__dirname, '..', 'dist', 'plugins.d', 'tcp_resets.plugin')

/** The built plugin, running as Netdata runs it. */
export interface RunningPlugin {
  readonly child: ChildProcess
  /** All of stdout, of stderr, so far. */
  stdout(): string
  stderr(): string
  /** Waits until the text so far passes; rejects when the plugin ends first, or it has not within 20 s. */
  until(passes: (stdout: string, stderr: string) => boolean, seconds?: number): Promise<void>
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** How many times a chart was collected, as far as the text goes. */
export const collections = (stdout: string): number => stdout.split('\nEND\n').length - 1

/** The values that a dimension had, in the order they were published. */
export function valuesOf(stdout: string, dimension: string): bigint[] {
  return [...stdout.matchAll(new RegExp(`^SET ${dimension} = (-?\\d+)$`, 'gm'))].map(match =>
    BigInt(match[1] ?? ''),
  )
}

/**
 * Starts the built plugin and takes it down with the test.
 *
 * @param env added to an otherwise small environment
 */
export function startPlugin(
  t: { teardown(fn: () => unknown): unknown },
  env: NodeJS.ProcessEnv = {},
  args: readonly string[] = ['1'],
  command = plugin,
): RunningPlugin {
  // notice: it is no fault that nobody granted tracing on the machine that runs the tests.
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, LC_ALL: 'C', NETDATA_LOG_LEVEL: 'notice', ...env },
  })
  let out = ''
  let err = ''
  let check: () => void = () => {}
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
    check()
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
    check()
  })
  // What is still in the pipe of a plugin that has ended can't be written.
  child.stdin.on('error', () => {})
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  t.teardown(() => {
    child.kill('SIGKILL')
    return ended
  })
  const until = (passes: (stdout: string, stderr: string) => boolean, seconds = 60): Promise<void> =>
    new Promise((resolve, reject) => {
      const give = (why: string): void => reject(new Error(`${why}\n--- stdout\n${out}\n--- stderr\n${err}`))
      const late = setTimeout(() => give(`not in ${seconds} s`), seconds * 1000)
      check = () => {
        if (!passes(out, err)) return
        clearTimeout(late)
        resolve()
      }
      ended.then(how => {
        clearTimeout(late)
        give(`the plugin ended: ${how}`)
      })
      check()
    })
  return { child, stdout: () => out, stderr: () => err, until, ended }
}
