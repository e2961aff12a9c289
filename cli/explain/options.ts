import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { STAGES, type Stage } from '../../explain/explanation'
import type { Wanted } from '../../explain/wanted'
import { helpOf, type Options } from '../option'
import { UsageError } from '../usage-error'

/** Every option of the command. */
export const EXPLAIN_OPTIONS = {
  summary: { type: 'boolean', help: 'only the summary, no reset in detail' },
  json: { type: 'boolean', help: 'print JSON, version 1, one reset on each line' },
  html: {
    type: 'string',
    argument: 'OUT',
    help: 'write a page that needs nothing else, to read, send or print',
  },
  stage: { type: 'string', argument: 'STAGE', help: 'only resets of this stage: refused, idle, abrupt, ...' },
  host: { type: 'string', argument: 'ADDRESS', help: 'only resets from or to this address' },
  port: { type: 'string', argument: 'PORT', help: 'only resets from or to this port' },
  frame: { type: 'string', argument: 'N', help: 'only this packet, counted from 1 as Wireshark does' },
  limit: {
    type: 'string',
    argument: 'N',
    help: 'at most N resets (in detail: 10, one of each kind)',
  },
  idle: { type: 'string', argument: 'SECONDS', help: 'how much silence makes a connection idle (10)' },
  live: {
    type: 'boolean',
    help: "capture now with the system's tcpdump and explain that: headers only, of --host and --port",
  },
  seconds: {
    type: 'string',
    argument: 'N',
    help: 'with --live: for at most N seconds (20), or until Ctrl-C',
  },
  packets: { type: 'string', argument: 'N', help: 'with --live: at most N packets (50000)' },
  interface: {
    type: 'string',
    argument: 'NAME',
    help: 'with --live: on which interface (all; on FreeBSD the first)',
  },
  container: {
    type: 'string',
    argument: 'NAME',
    help: 'with --live: in the namespace that has this name on its chart',
  },
  save: { type: 'string', argument: 'FILE', help: 'with --live: keep the capture' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies Options

/** What says how to capture. */
const LIVE_ONLY = ['seconds', 'packets', 'interface', 'container', 'save'] as const

/** How to capture, and for how long at most. */
export interface Live {
  readonly seconds: number
  readonly packets: number
  readonly interface: string | undefined
  /** The name of a chart, for the namespace to capture in. */
  readonly container: string | undefined
  /** Where the capture is to stay. */
  readonly save: string | undefined
}

/** What the command was asked for. */
export interface Asked {
  readonly files: readonly string[]
  readonly help: boolean
  readonly summary: boolean
  readonly json: boolean
  readonly html: string | undefined
  readonly wanted: Wanted
  readonly limit: number | undefined
  readonly idleSeconds: number
  /** What to capture first, in place of files. */
  readonly live: Live | undefined
}

export const USAGE = `Usage: tcp-resets explain [OPTION...] FILE...
       tcp-resets explain [OPTION...] -       reads standard input, as it comes
       tcp-resets explain --live [OPTION...]  captures first

For each TCP reset in a capture (pcap, pcapng, gzip), says when in its connection it came, who probably sent it, what that
means and what to do. Looks up no names.

${helpOf(EXPLAIN_OPTIONS)}

Exits with 0 when everything was read, 1 when only a part was read, 2 when the usage was wrong or the file is no capture,
130 when it was interrupted.
`

/**
 * Reads the command line.
 *
 * @throws UsageError naming the option that is wrong
 */
export function readOptions(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: EXPLAIN_OPTIONS,
  })
  const number = (
    name: 'port' | 'frame' | 'limit' | 'seconds' | 'packets',
    most = Number.MAX_SAFE_INTEGER,
  ): number | undefined => {
    const value = values[name]
    return value === undefined ? undefined : wholeNumber(value, `--${name}`, most)
  }
  const help = values.help === true
  if (!help && positionals.filter(file => file === '-').length > 1)
    throw new UsageError('standard input (-) can be read only once')
  if (!help && values.html === '') throw new UsageError('--html: expected a file to write')
  const wanted = defined({
    stage: stageOf(values.stage),
    host: addressOf(values.host),
    port: number('port', 65_535),
    frame: number('frame'),
  })
  const live = values.live === true
  for (const name of LIVE_ONLY) {
    if (values[name] !== undefined && !live) throw new UsageError(`--${name} works only with --live`)
    if (values[name] === '') throw new UsageError(`--${name}: expected something, found nothing`)
  }
  if (live && positionals.length > 0) throw new UsageError('--live captures, and takes no file to read')
  return {
    files: positionals,
    help,
    summary: values.summary === true,
    json: values.json === true,
    html: values.html,
    wanted,
    limit: number('limit'),
    idleSeconds: secondsOf(values.idle ?? '10'),
    live: live
      ? {
          seconds: number('seconds', 86_400) ?? 20,
          packets: number('packets', 10_000_000) ?? 50_000,
          interface: values.interface,
          container: values.container,
          save: values.save,
        }
      : undefined,
  }
}

function wholeNumber(text: string, option: string, most: number): number {
  const n = Number(text)
  if (/^\d+$/.test(text) && n >= 1 && n <= most) return n
  throw new UsageError(
    `${option}: expected a whole number from 1${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}, found ${JSON.stringify(text)}`,
  )
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0) return seconds
  throw new UsageError(`--idle: expected seconds above 0, found ${JSON.stringify(text)}`)
}

function stageOf(text: string | undefined): Stage | undefined {
  const stage = STAGES.find(stage => stage === text)
  if (stage !== undefined || text === undefined) return stage
  throw new UsageError(`--stage: expected one of ${STAGES.join(', ')}, found ${JSON.stringify(text)}`)
}

/** An address as the reports write it. A name would have to be looked up, and that tells others what is looked at. */
function addressOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) === 0 || bare.includes('%'))
    throw new UsageError(
      `--host: expected an IP address (no name is looked up), found ${JSON.stringify(text)}`,
    )
  return isIP(bare) === 4 ? bare : new URL(`http://[${bare}]/`).hostname.slice(1, -1)
}

/** Without what is undefined. */
function defined(wanted: { readonly [K in keyof Wanted]: Wanted[K] | undefined }): Wanted {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
}
