import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { printable } from '../../explain/report/quote'

/** What is to be captured, and for how long at most. */
export interface Capture {
  readonly seconds: number
  readonly packets: number
  /** Undefined is all of them where the system can do that (Linux), else the first. */
  readonly interface: string | undefined
  readonly host: string | undefined
  readonly port: number | undefined
  /** A descriptor of the network namespace to capture in; undefined is our own. */
  readonly namespace: number | undefined
}

/** Enough for the headers of every link, IPv6 and the longest TCP options; with the packets it bounds the bytes, too. */
export const HEADERS = 128
/** What tcpdump needs to write what it still has, before it is killed. */
const FAREWELL_MS = 2000

/**
 * What the system's tcpdump captures, as it comes.
 *
 * @param signal ends it early
 * @param notes gets what is missing in it, a sentence each
 * @throws saying what is missing: tcpdump, the right to capture, the interface
 */
export async function* tcpdump(
  capture: Capture,
  signal: AbortSignal,
  notes: string[],
): AsyncGenerator<Uint8Array> {
  const dump = start(capture)
  const closed = once(dump, 'close') as Promise<[number | null]>
  closed.catch(() => {})
  let said = ''
  dump.stderr?.setEncoding('utf8').on('data', text => {
    if (said.length < 10_000) said += text
  })
  const end = (): void => {
    dump.kill('SIGINT')
    setTimeout(() => dump.kill('SIGKILL'), FAREWELL_MS).unref()
  }
  const timer = setTimeout(end, capture.seconds * 1000)
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  try {
    if (dump.stdout !== null) yield* dump.stdout as AsyncIterable<Uint8Array>
    const [code] = await closed
    if (code !== 0 && code !== null) throw new Error(whyNot(said))
    notes.push(...missing(code, said))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new Error(NOT_INSTALLED)
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
    // Who stops reading has no more use for it.
    dump.kill('SIGKILL')
  }
}

function start({ namespace, ...capture }: Capture): ChildProcess {
  const command = namespace === undefined ? ['tcpdump'] : ['nsenter', '--net=/proc/self/fd/3', 'tcpdump']
  const [program = '', ...args] = [...command, ...argsOf(capture)]
  return spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', namespace ?? 'ignore'],
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
  })
}

const NOT_INSTALLED =
  'capturing needs tcpdump, which is not installed: apt install tcpdump, dnf install tcpdump, apk add tcpdump, or pkg install tcpdump'

function argsOf({ packets, host, port, ...capture }: Omit<Capture, 'namespace'>): string[] {
  const name = capture.interface ?? (process.platform === 'linux' ? 'any' : undefined)
  const filter = [
    'tcp',
    ...(host === undefined ? [] : ['and', 'host', host]),
    ...(port === undefined ? [] : ['and', 'port', String(port)]),
  ]
  const where = name === undefined ? [] : ['-i', name]
  return [...where, '-nn', '-s', String(HEADERS), '-c', String(packets), '-U', '-w', '-', ...filter]
}

/** tcpdump's own complaint as one line, with what to do where that is known. */
function whyNot(said: string): string {
  if (/permission|not permitted/i.test(said))
    return '--live needs the right to capture: run it as root (sudo tcp-resets explain --live)'
  const complaint = said
    .replace(/^tcpdump: /gm, '')
    .split('\n')
    .filter(
      line =>
        line !== '' && !/^(listening on|data link type|dropped privs|verbose output|\d+ packet)/.test(line),
    )
    .join(' ')
  return `tcpdump: ${printable(complaint === '' ? 'it failed and did not say why' : complaint)}`
}

/** What a capture that came about lacks all the same. */
function missing(code: number | null, said: string): string[] {
  const dropped = Number(/(\d+) packets? dropped by kernel/.exec(said)?.[1] ?? 0)
  return [
    ...(dropped === 0
      ? []
      : [`The kernel could not keep up: ${dropped.toLocaleString('en-US')} packets are missing here.`]),
    ...(code === null ? ['tcpdump was killed: the packets that it still held are missing here.'] : []),
  ]
}
