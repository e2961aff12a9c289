import { type ChildProcess, type ExecFileException, execFile } from 'node:child_process'
import { messageOf } from '../message'
import { findProgram } from './find-program'
import { type FreebsdCounter, PRINTED_ALWAYS, parseNetstat } from './freebsd-counters'
import type { Reading, SlowSource } from './source'

/** netstat(1) as libxo's JSON, and as text for a netstat that was built without libxo (FreeBSD 10). */
const FORMS = {
  json: ['-s', '-p', 'tcp', '--libxo', 'json'],
  text: ['-s', '-p', 'tcp'],
} as const

/** It prints 6 kB at most. */
const MAX_BYTES = 256 * 1024
/** What is left of a tick when netstat is killed, so that it is gone when the next tick starts another. */
const SPARE_MS = 100

/**
 * The TCP counters of this FreeBSD system (of this jail, where it has its own network stack), IPv4 and IPv6
 * together, as netstat(1) prints them.
 *
 * Why not the binary `net.inet.tcp.stats`, which netstat reads itself: Node.js can't call sysctl(3), so that is one
 * process a tick as well, and `sysctl -b` writes a bare array of u64. Its order is that of `struct tcpstat`, which
 * differs between releases. Its length (110, 113, 123 or 125 words in those that were looked at) tells them apart only
 * until one moves a counter and keeps the length, and then a number silently becomes another one. netstat gives the
 * names, and is right where it is of its kernel's release, which freebsdReleases() tells; parsing 4 kB of JSON costs
 * little beside starting a process.
 *
 * netstat takes a while, so it is started at a tick, and read when it has answered. There are never two at once:
 * what takes longer than a tick is killed and is a gap, and what has not ended even then is waited for.
 *
 * @param path PATH, where netstat is looked for
 * @param seconds between ticks
 * @throws where this can never work: there is no netstat
 */
export function freebsdSource(path: string, seconds: number): SlowSource<FreebsdCounter> {
  const netstat = findProgram('netstat', path)
  if (netstat === undefined) throw new Error(`there is no netstat on PATH (${path})`)
  const limit = seconds * 1000 - SPARE_MS
  let form: keyof typeof FORMS = 'json'
  let running: ChildProcess | undefined
  let reading: Reading<FreebsdCounter> = { counters: {} }

  const answered = (error: ExecFileException | null, stdout: string, stderr: string): void => {
    if (error === null) {
      reading = readingOf(netstat, stdout, stderr)
      return
    }
    // It ended by itself and is not content: it may not know --libxo (or, no longer, anything else).
    if (typeof error.code === 'number') form = form === 'json' ? 'text' : 'json'
    reading = { counters: {}, fault: `${netstat} ${faultOf(error, limit, stderr)}` }
  }

  const kill = (): void => {
    running?.kill('SIGKILL')
  }
  // A netstat that hangs must not outlive the plugin.
  process.on('exit', kill)

  return {
    name: 'netstat',
    start(done) {
      if (running !== undefined) {
        // Two ticks can be closer than one lasts (the first, and where the clock was set): it still has its time.
        if (!running.killed) return
        reading = { counters: {}, fault: `${netstat} was killed and has not ended` }
        done()
        return
      }
      const options = {
        // Nothing of Netdata's environment: LIBXO_OPTIONS, for one, changes what it prints.
        env: { LC_ALL: 'C' },
        cwd: '/',
        encoding: 'latin1',
        timeout: limit,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_BYTES,
      } as const
      try {
        running = execFile(netstat, FORMS[form], options, (error, stdout, stderr) => {
          running = undefined
          answered(error, stdout, stderr)
          done()
        })
      } catch (error) {
        reading = { counters: {}, fault: `${netstat}: ${messageOf(error)}` }
        done()
      }
    },
    read: () => reading,
    close() {
      kill()
      process.off('exit', kill)
    },
  }
}

function readingOf(netstat: string, output: string, stderr: string): Reading<FreebsdCounter> {
  const counters = parseNetstat(output)
  const older = /Cannot allocate memory/.test(stderr)
    ? '; is it older than the kernel (uname -U, uname -K)?'
    : ''
  const said = `${firstLine(stderr)}${older}`
  if (counters === undefined) {
    return { counters: {}, fault: `${netstat} printed no whole JSON with the statistics of tcp${said}` }
  }
  const missing = PRINTED_ALWAYS.filter(name => counters[name] === undefined)
  if (missing.length === 0) return { counters }
  return { counters, fault: `${netstat} printed no usable ${missing.join(', ')}${said}` }
}

/** What is wrong, after the program's name. */
function faultOf(error: ExecFileException, limit: number, stderr: string): string {
  if (typeof error.code === 'number') return `ended with ${error.code}${firstLine(stderr)}`
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    return `printed more than ${MAX_BYTES} bytes and was killed`
  }
  if (error.code) return `could not be run: ${error.code}`
  if (error.killed) return `took longer than ${limit} ms and was killed`
  return `was ended by ${error.signal}`
}

/** What it complained of, to add to a message. */
function firstLine(stderr: string): string {
  const line = stderr.split('\n')[0]
  return line ? `: ${line}` : ''
}
