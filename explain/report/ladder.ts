import type { Reset, Rung } from '../explanation'
import { bytes, duration, endpoint } from './words'

/** Silence of so many seconds between two packets gets a line of its own. */
const SILENCE_S = 10

/** A line of a ladder, before it is drawn. */
export type Step =
  | { readonly kind: 'silence'; readonly text: string }
  | {
      readonly kind: 'packet'
      readonly at: string
      readonly frame: number
      readonly fromClient: boolean
      /** Words for the arrow, the most wanted first. */
      readonly words: readonly string[]
      readonly reset: Rung['reset']
    }

/** What stands at the two ends of a ladder. */
export interface Ladder {
  readonly left: string
  readonly right: string
  readonly steps: readonly Step[]
  /** What is not shown, as a sentence; absent where all is. */
  readonly leftOut?: string
}

/** The packets around a reset, in words. TTL and IP ID stand on those of the side that is to be judged. */
export function ladderOf(reset: Reset): Ladder {
  const own = reset.ladder.find(({ reset }) => reset === 'this')
  const fromLeft = own?.fromClient ?? reset.side !== 'server'
  const [left, right] = fromLeft ? [reset.from, reset.to] : [reset.to, reset.from]
  const steps: Step[] = []
  let before: number | undefined
  for (const rung of reset.ladder) {
    if (before !== undefined && rung.at - before >= SILENCE_S) {
      steps.push({ kind: 'silence', text: `${duration(rung.at - before)} of silence` })
    }
    before = rung.at
    steps.push({
      kind: 'packet',
      at: rung.at.toFixed(3),
      frame: rung.frame,
      fromClient: rung.fromClient,
      words: wordsOf(rung, rung.fromClient === fromLeft),
      reset: rung.reset,
    })
  }
  const { ladderLeftOut: n } = reset
  return {
    left: endpoint(left),
    right: endpoint(right),
    steps,
    ...(n > 0 && {
      leftOut: `${n.toLocaleString('en-US')} more ${n === 1 ? 'packet' : 'packets'} of this connection not shown`,
    }),
  }
}

function wordsOf({ flags, payload, ttl, ipId }: Rung, judged: boolean): string[] {
  const words = [flags === '' ? (payload > 0 ? '' : 'ACK') : flags, payload > 0 ? bytes(payload) : '']
  if (judged) words.push(`ttl ${ttl}`, ipId === undefined ? '' : `id ${ipId}`)
  return words.filter(word => word !== '')
}

/** Characters that the time and the frame number take beside the arrows. */
const TIME = 10
const FRAME = 9
/** Arrows shorter than this say nothing. */
const SHORTEST = 16
const LONGEST = 72

/**
 * The ladder as lines of plain ASCII, not wider than `width` where that leaves any room for arrows.
 *
 * @param doubted the reset gets a question mark
 */
export function drawLadder(reset: Reset, width: number, doubted: boolean): { text: string; own: boolean }[] {
  const { left, right, steps, leftOut } = ladderOf(reset)
  const arrows = Math.min(LONGEST, Math.max(SHORTEST, width - TIME - FRAME))
  const lines: { text: string; own: boolean }[] = []
  const add = (text: string, own = false): void => {
    lines.push({ text: text.trimEnd(), own })
  }
  const room = arrows - left.length - right.length
  if (room >= 2) add(`${'seconds'.padStart(TIME - 2)}  ${left}${' '.repeat(room)}${right}`)
  else {
    add(`${'seconds'.padStart(TIME - 2)}  left   ${left}`)
    add(`${' '.repeat(TIME)}right  ${right}`)
  }
  for (const step of steps) {
    if (step.kind === 'silence') {
      add(`${' '.repeat(TIME)}${`(${step.text})`.padStart(Math.floor((arrows + step.text.length + 2) / 2))}`)
      continue
    }
    const own = step.reset === 'this'
    add(
      `${step.at.padStart(TIME - 2)}  ${arrow(step, arrows)} #${step.frame}${own && doubted ? '  ?' : ''}`,
      own,
    )
  }
  if (leftOut !== undefined) add(`${' '.repeat(TIME)}(${leftOut})`)
  return lines
}

function arrow({ words, fromClient, reset }: Extract<Step, { kind: 'packet' }>, width: number): string {
  const line = reset === 'this' ? '=' : '-'
  const kept = [...words]
  while (kept.length > 1 && kept.join('  ').length > width - 6) kept.pop()
  const label = kept.join('  ')
  const free = Math.max(2, width - label.length - 3)
  if (fromClient) {
    return reset === undefined
      ? `${label} ${line.repeat(free + 1)}>`
      : `${line.repeat(4)} ${label} ${line.repeat(Math.max(1, free - 4))}>`
  }
  return reset === undefined
    ? `<${line.repeat(free - 1)} ${label} -`
    : `<${line.repeat(Math.max(1, free - 4))} ${label} ${line.repeat(4)}`
}
