import type { CaptureFacts, Explanation, Reset, Sign } from '../explanation'
import { areFew, choose } from './choose'
import { drawLadder } from './ladder'
import { footing, isAccused, say } from './meaning'
import { nextCommands } from './next'
import { printable } from './quote'
import { senderRows, serverRows, stageRows } from './tables'
import {
  connectionTitle,
  examplesTitle,
  factLine,
  factNotes,
  fileOf,
  headOf,
  resetsOf,
  signText,
} from './told'
import { count } from './words'

/** How the text is to look. */
export interface Look {
  /** Columns. */
  readonly width: number
  readonly colour: boolean
  /** Leave out the resets one by one. */
  readonly summaryOnly: boolean
  /** At most so many resets in detail; absent leaves it to what is there. */
  readonly limit?: number | undefined
}

type Paint = (text: string) => string

/** What the colours mean; every one is the identity where there are none. */
interface Palette {
  readonly bold: Paint
  readonly soft: Paint
  readonly bad: Paint
  readonly good: Paint
}

function palette(colour: boolean): Palette {
  const sgr =
    (code: number): Paint =>
    text =>
      colour && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text
  return { bold: sgr(1), soft: sgr(2), bad: sgr(31), good: sgr(32) }
}

/** The explanation as a person reads it in a terminal. Ends with a newline. */
export function renderText(explanation: Explanation, look: Look): string {
  const paint = palette(look.colour)
  const resets = look.summaryOnly ? [] : choose(explanation.resets, look.limit)
  const few = areFew(explanation)
  const details = detailLines(explanation, resets, look, paint)
  const lines = [...headLines(explanation, look, paint)]
  if (explanation.resets.length > 0) {
    const summary = summaryLines(explanation, look, paint)
    if (few) lines.push(...details, ...summary)
    else {
      lines.push(...summary)
      if (details.length > 0) {
        lines.push(paint.bold(examplesTitle(explanation, look.limit)), '', ...details)
      }
    }
  }
  lines.push(...noteLines(explanation.capture, look, paint))
  lines.push(...nextLines(explanation, look, paint))
  while (lines.at(-1) === '') lines.pop()
  return `${lines.map(line => line.trimEnd()).join('\n')}\n`
}

function headLines({ capture, summary }: Explanation, { width }: Look, paint: Palette): string[] {
  return [
    ...wrap(`${capture.files.map(fileOf).join(', ')}: ${factLine(capture)}`, width).map(paint.soft),
    ...wrap(printable(summary.finding), width).map(paint.bold),
    '',
  ]
}

/** Where the words of a paragraph begin, behind its name. */
const INDENT = 12
const SIGN_INDENT = INDENT + 9

function detailLines(
  explanation: Explanation,
  resets: readonly Reset[],
  { width }: Look,
  paint: Palette,
): string[] {
  const drawn = new Set<string>()
  const lines: string[] = []
  let connection: number | undefined
  for (const reset of resets) {
    if (reset.connection !== connection)
      lines.push(paint.bold(`${connectionTitle(reset)}     ${resetsOf(reset, explanation)}`))
    connection = reset.connection
    const [head = '', ...more] = wrap(headOf(reset, explanation.capture), width - 5)
    lines.push(`  ${head}`, ...more.map(line => `     ${line}`))
    const { when, who, means, todo } = say(reset)
    const paragraph = (name: string, text: string, colour?: Paint): void => {
      const [first = '', ...rest] = wrap(text, width - INDENT).map(line => (colour ? colour(line) : line))
      lines.push(
        `     ${name.padEnd(INDENT - 5)}${first}`,
        ...rest.map(line => `${' '.repeat(INDENT)}${line}`),
      )
    }
    paragraph('When', when)
    paragraph('Who', `${who} [${footing(reset)}]`, isAccused(reset) ? paint.bad : undefined)
    lines.push(...signLines('against', reset.sender.against, width, paint))
    lines.push(...signLines('for', reset.sender.for, width, paint))
    paragraph('Means', means)
    paragraph('Do', todo)
    if (reset.text !== undefined)
      paragraph('Text', `in the reset itself, as it was sent: "${printable(reset.text)}"`)
    for (const note of reset.notes) paragraph('Note', printable(note))
    const ladder = `${reset.file}/${reset.connection}/${reset.incarnation}`
    const repeated =
      drawn.has(ladder) && reset.ladder.every(({ frame }) => drawn.has(`${reset.file}#${frame}`))
    if (!repeated && reset.ladder.length > 0) {
      lines.push('')
      for (const { text, own } of drawLadder(reset, width, isAccused(reset))) {
        lines.push(own ? paint.bad(text) : text)
      }
      drawn.add(ladder)
      for (const { frame } of reset.ladder) drawn.add(`${reset.file}#${frame}`)
    }
    lines.push('')
  }
  return lines
}

function signLines(which: string, signs: readonly Sign[], width: number, paint: Palette): string[] {
  return signs.flatMap(sign => {
    const [first = '', ...rest] = wrap(signText(sign), width - SIGN_INDENT)
    const colour = which === 'against' ? paint.bad : paint.good
    return [
      `${' '.repeat(INDENT)}${colour(which.padEnd(9))}${first}`,
      ...rest.map(line => `${' '.repeat(SIGN_INDENT)}${line}`),
    ]
  })
}

function summaryLines(explanation: Explanation, { width }: Look, paint: Palette): string[] {
  const { summary } = explanation
  const lines: string[] = []
  for (const { text } of summary.findings) {
    if (!summary.finding.includes(text)) lines.push(...wrap(printable(text), width))
  }
  if (lines.length > 0) lines.push('')
  lines.push(
    ...table(
      ['when', '>resets', 'usually means'],
      stageRows(explanation).map(({ when, resets, mostly, worry }) => ({
        cells: [when, resets.toLocaleString('en-US'), worry === 0 ? `>> ${mostly}` : mostly],
        colour: worry === 0 ? paint.bad : undefined,
      })),
      width,
      paint,
    ),
  )
  const { rows, more } = serverRows(explanation)
  lines.push(
    ...table(
      ['server', '>resets', '>connections', '>clients'],
      rows.map(({ server, resets, connections, clients }) => ({
        cells: [server, ...[resets, connections, clients].map(n => n.toLocaleString('en-US'))],
      })),
      width,
      paint,
      more > 0 ? `and ${count(more, 'more server')}` : undefined,
    ),
  )
  lines.push(
    ...table(
      ['who really sent them', '>connections', ''],
      senderRows(explanation).map(({ who, connections, where, accused }) => ({
        cells: [who, connections.toLocaleString('en-US'), where],
        colour: accused ? paint.bad : undefined,
      })),
      width,
      paint,
    ),
  )
  return lines
}

interface Row {
  readonly cells: readonly string[]
  readonly colour?: Paint | undefined
}

/**
 * Columns as wide as they need to be, but for the last, which is broken where the line is full. A heading that begins with
 * `>` sets its column to the right.
 */
function table(
  heads: readonly string[],
  rows: readonly Row[],
  width: number,
  paint: Palette,
  foot?: string | undefined,
): string[] {
  if (rows.length === 0) return []
  const titles = heads.map(head => head.replace(/^>/, ''))
  const widths = titles.map((title, i) =>
    Math.max(title.length, ...rows.map(({ cells }) => cells[i]?.length ?? 0)),
  )
  const before = widths.slice(0, -1).reduce((sum, w) => sum + w + GAP.length, 0)
  const line = (cells: readonly string[]): string[] => {
    const fit = cells.map((cell, i) => {
      const w = widths[i] ?? 0
      return heads[i]?.startsWith('>') ? cell.padStart(w) : cell.padEnd(w)
    })
    const full = fit.join(GAP).trimEnd()
    if (full.length <= width) return [full]
    const [last = '', ...more] = wrap(fit.pop()?.trim() ?? '', width - before)
    return [[...fit, last].join(GAP), ...more.map(text => `${' '.repeat(before)}${text}`)]
  }
  return [
    ...line(titles).map(paint.soft),
    ...rows.flatMap(({ cells, colour }) => (colour ? line(cells).map(colour) : line(cells))),
    ...(foot === undefined ? [] : [paint.soft(foot)]),
    '',
  ]
}

const GAP = '   '

function noteLines(capture: CaptureFacts, { width }: Look, paint: Palette): string[] {
  const lines = factNotes(capture).flatMap(note => wrap(`Note: ${note}`, width).map(paint.soft))
  return lines.length === 0 ? [] : [...lines, '']
}

function nextLines(explanation: Explanation, { width }: Look, paint: Palette): string[] {
  const next = nextCommands(explanation)
  if (next.length === 0) return []
  return [
    paint.soft('What to type next (--html OUT writes this as a page)'),
    ...next.flatMap(({ command, why }) => [
      `  ${command}`,
      ...wrap(why, width - 6).map(line => paint.soft(`      ${line}`)),
    ]),
  ]
}

/** Breaks text at spaces; a word that is longer than a line stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > Math.max(width, 20)) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines
}
