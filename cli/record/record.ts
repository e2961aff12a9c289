import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { headersOnly } from '../../explain/capture/headers-only'
import type { Explanation } from '../../explain/explanation'
import { messageOf, oneLine } from '../../plugin/message'
import { findingOf, RECORDINGS, type Recording, recordingsIn } from '../../plugin/recording/recording'
import { OWN, REQUEST, type Request } from '../../plugin/recording/request'
import { openContainer } from '../explain/container'
import { ownersOf } from '../explain/owners'
import { HEADERS, tcpdump } from '../explain/tcpdump'
import { refuseOthers } from '../install/whose'
import { refusalOf } from './limits'
import { takeRequests } from './request'
import { captureOf, keep, makeRoom } from './store'

/** With the time, what a recording has at most. */
const PACKETS = 50_000
/** Each packet is cut to the headers that tcpdump takes, and has a header of its own. What is told of them is small. */
const MOST_BYTES = PACKETS * (HEADERS + 16) + 1e6
/** What explains a capture reads what anybody sent, so it runs as nobody and not for ever. */
const NOBODY = 65_534
const EXPLAIN_MS = 60_000
const MOST_EXPLANATION = 16e6
/** So many resets, and servers, are kept in words. The capture has them all. */
const TOLD = 10
/** A program that crashes says more than anybody wants to read. */
const MOST_FAULT = 300
/** So many names of what was not recorded are said. */
const NAMED = 5

/** Where and for how long; tests have places and times of their own. */
export interface Setting {
  readonly request: string
  readonly store: string
  /** So long is a recording at most, and so far apart are their beginnings at least. */
  readonly seconds: number
  readonly between: number
}

const SETTING: Setting = { request: REQUEST, store: RECORDINGS, seconds: 20, between: 60 }

/**
 * Records what the plugin asked for: the packets of a namespace, headers only, and what its resets mean. Started when there
 * is a request, it ends when it is done with it.
 *
 * @param program this command, for the explanation
 * @param say gets a line for the log
 * @returns the exit code
 * @throws where the places cannot be used
 */
export async function record(
  program: string,
  say: (line: string) => void,
  setting: Setting = SETTING,
): Promise<number> {
  const { request, store, between } = setting
  for (const path of [request, join(store, 'any')]) refuseOthers(path)
  const [first, ...others] = takeRequests(request)
  if (first === undefined) return 0
  const kept = recordingsIn(store)
  const refusal = refusalOf(kept, Date.now() / 1000, between)
  if (refusal !== undefined) {
    say(`not recorded: ${named([first, ...others])}: ${refusal.why}`)
    const last = countRefused(store, kept.at(-1), 1 + others.length)
    // Or whoever asks again and again would have this started again and again.
    await wait(refusal.seconds * 1000)
    countRefused(store, last, takeRequests(request).length)
    return 0
  }
  const begun = newRecording(first.name)
  try {
    makeRoom(store, MOST_BYTES)
    keep(store, { ...begun, fault: 'it was cut off' })
  } catch (error) {
    say(`not recorded: ${named([first, ...others])}: ${messageOf(error)}`)
    // What is not kept is not counted either.
    await wait(between * 1000)
    takeRequests(request)
    return 1
  }
  const recording = { ...begun, ...(await recorded(begun, first, program, setting)) }
  const refused = [...others, ...takeRequests(request)]
  if (refused.length > 0)
    say(`not recorded: ${named(refused)}: one recording at a time, and this one was of ${first.name}`)
  keep(store, { ...recording, refused: refused.length })
  say(`${first.name}: ${findingOf(recording)}`)
  return recording.fault === undefined ? 0 : 1
}

function countRefused(store: string, last: Recording | undefined, count: number): Recording | undefined {
  if (last === undefined || count === 0) return last
  const counted = { ...last, refused: last.refused + count }
  keep(store, counted)
  return counted
}

function named(requests: readonly Request[]): string {
  const more = requests.length - NAMED
  const names = requests.slice(0, NAMED).map(({ name }) => name)
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function newRecording(namespace: string): Recording {
  const began = Math.floor(Date.now() / 1000)
  const id = `${new Date(began * 1000).toISOString().replace(/[-:]|\.000/g, '')}-${namespace}`
  return { version: 1, id, namespace, began, refused: 0 }
}

async function recorded(
  { id }: Recording,
  request: Request,
  program: string,
  { store, seconds }: Setting,
): Promise<Pick<Recording, 'explanation' | 'fault'>> {
  const path = captureOf(store, id)
  const notes: string[] = []
  try {
    await capture(request, path, seconds, notes)
  } catch (error) {
    rmSync(path, { force: true })
    return { fault: faultOf(error) }
  }
  try {
    const { capture, resets, summary, ...rest } = explained(program, path)
    const owners = request.name === OWN ? await ownersOf(summary) : []
    return {
      explanation: {
        ...rest,
        capture: { ...capture, notes: [...capture.notes, ...notes, ...owners] },
        resets,
        summary: { ...summary, byServer: summary.byServer.slice(0, TOLD) },
      },
    }
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

const faultOf = (error: unknown): string => oneLine(messageOf(error)).slice(0, MOST_FAULT)

async function capture(
  { name, inode }: Request,
  path: string,
  seconds: number,
  notes: string[],
): Promise<void> {
  const namespace = name === OWN ? undefined : openContainer(name, inode)
  try {
    const out = openSync(path, 'wx', 0o640)
    try {
      const whole = { seconds, packets: PACKETS, interface: undefined, host: undefined, port: undefined }
      const packets = tcpdump({ ...whole, namespace }, new AbortController().signal, notes)
      for await (const piece of headersOnly(packets)) writeFileSync(out, piece)
    } finally {
      closeSync(out)
    }
  } finally {
    if (namespace !== undefined) closeSync(namespace)
  }
}

/** What the capture means, by this same command in a process that may do nothing. */
function explained(program: string, path: string): Explanation {
  const input = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [program, 'explain', '--json', '--limit', `${TOLD}`, '-'],
      {
        stdio: [input, 'pipe', 'pipe'],
        encoding: 'utf8',
        maxBuffer: MOST_EXPLANATION,
        timeout: EXPLAIN_MS,
        killSignal: 'SIGKILL',
        cwd: '/',
        env: {},
        ...(process.getuid?.() === 0 && { uid: NOBODY, gid: NOBODY }),
      },
    )
    if (status !== 0) throw new Error(stderr.trim() || `the program that explains it was ended by ${signal}`)
    return JSON.parse(stdout)
  } finally {
    closeSync(input)
  }
}
