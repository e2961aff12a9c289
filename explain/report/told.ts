import {
  type CaptureFacts,
  type CaptureFile,
  type Explanation,
  LIVE,
  type Reset,
  type Sign,
} from '../explanation'
import { areFew } from './choose'
import { ladderOf } from './ladder'
import { printable } from './quote'
import { count, duration, endpoint } from './words'

// What text and page say in the same words. Everything that comes from outside is printable in it.

/** A file as it was given. */
export function fileOf({ name }: CaptureFile): string {
  if (name === LIVE) return 'this capture'
  return name === '-' ? 'standard input' : printable(name)
}

/** What a capture has in it, and when it was taken. */
export function factLine(capture: CaptureFacts): string {
  const span =
    capture.from === undefined || capture.to === undefined
      ? ''
      : `, ${instant(capture.from)}, ${duration(Math.max(0, capture.to - capture.from))}`
  return `${count(capture.packets, 'packet')}, ${capture.tcpPackets.toLocaleString('en-US')} of TCP, ${count(capture.connections, 'connection')}${span}`
}

/** As UTC, since the reader may sit elsewhere than the capture was taken. */
function instant(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime())
    ? 'at an impossible time'
    : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** What stands above the resets that are told in detail. */
export function examplesTitle(explanation: Explanation, limit: number | undefined): string {
  if (areFew(explanation)) return 'One by one'
  return limit === undefined
    ? 'One example of each kind, the worrying ones first'
    : 'One by one, the worrying ones first'
}

/** The two ends of a connection, the one that opened it first where that is known. */
export function connectionTitle(reset: Reset): string {
  const { left, right } = ladderOf(reset)
  return `${left} ${reset.side === undefined ? '<->' : '->'} ${right}`
}

/** How many resets the same connection has, copies left out. */
export function resetsOf({ connection }: Reset, { resets }: Explanation): string {
  return count(
    resets.filter(reset => reset.connection === connection && reset.stage !== 'copy').length,
    'reset',
  )
}

/** Which reset it is: frame, time since the connection began, flags, and who it names. */
export function headOf(reset: Reset, { files }: CaptureFacts): string {
  const file = reset.file === undefined ? undefined : files[reset.file]
  const side =
    reset.side === 'server' ? ' (the side that was called)' : reset.side === 'client' ? ' (the caller)' : ''
  return `${file === undefined ? '' : `${fileOf(file)} `}#${reset.frame}   +${reset.sinceStart.toFixed(3)} s   ${printable(reset.flags)} from ${endpoint(reset.from)}${side}`
}

/** The sign as a sentence, with the frames to look at where it does not name them itself. */
export function signText({ text, frame, frames }: Sign): string {
  const named = frames ?? (frame === undefined ? [] : [frame])
  const shown = named.length === 0 || text.includes('#') ? '' : ` (${named.map(n => `#${n}`).join(', ')})`
  return `${printable(text)}${shown}`
}

/** Where reading ended early, a sentence for each file. */
export function damageOf({ files }: CaptureFacts): string[] {
  return files.flatMap(file =>
    file.damage === undefined
      ? []
      : [
          `${fileOf(file)}: read in part, up to packet ${file.damage.frame} at byte ${file.damage.offset.toLocaleString('en-US')}: ${printable(file.damage.what)}`,
        ],
  )
}

/** What was not read, or is uncertain, a sentence each. */
export function factNotes(capture: CaptureFacts): string[] {
  const { unreadable, notes } = capture
  return [
    ...damageOf(capture),
    ...(unreadable > 0
      ? [`${count(unreadable, 'packet', 'packets')} with TCP in them could not be decoded.`]
      : []),
    ...notes.map(printable),
  ]
}
