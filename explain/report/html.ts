import { createHash } from 'node:crypto'
import type { Explanation, Reset, Sign } from '../explanation'
import { choose } from './choose'
import { STYLE } from './generated/style'
import { ladderOf, type Step } from './ladder'
import { footing, isAccused, say, worryOf } from './meaning'
import { nextCommands } from './next'
import { escapeHtml } from './quote'
import { senderRows, serverRows, stageRows } from './tables'
import { connectionTitle, examplesTitle, factLine, factNotes, fileOf, headOf, signText } from './told'
import { count } from './words'

/** This style and nothing else: no script, no request, whatever a capture has brought. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * The explanation as one page that needs nothing else: for a screen, a phone, or paper.
 *
 * @param limit at most so many resets in detail; absent leaves it to what is there
 */
export function renderHtml(explanation: Explanation, limit: number | undefined): string {
  const names = explanation.capture.files.map(fileOf).join(', ')
  const title = `TCP resets in ${names}`
  const resets = choose(explanation.resets, limit)
  const ids = new Set<string>()
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="what">${escapeHtml(factLine(explanation.capture))}</p>
<h1>${escapeHtml(title)}</h1>
<p class="finding">${escapeHtml(explanation.summary.finding)}</p>
${summary(explanation)}${
  resets.length === 0
    ? ''
    : `<h2>${escapeHtml(examplesTitle(explanation, limit))}</h2>
${resets.map(reset => section(reset, explanation, ids)).join('\n')}
`
}${notes(explanation)}${next(explanation)}</main>
</body>
</html>
`
}

function summary(explanation: Explanation): string {
  const { findings, finding } = explanation.summary
  const others = findings.filter(({ text }) => !finding.includes(text))
  const { rows, more } = serverRows(explanation)
  return [
    others.length === 0
      ? ''
      : `<ul>${others.map(({ text }) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>\n`,
    table(
      ['When', '#Resets', 'Usually means'],
      stageRows(explanation).map(({ when, resets, mostly, worry }) => [
        when,
        resets,
        worry === 0 ? { worst: `Look first: ${mostly}` } : mostly,
      ]),
    ),
    table(
      ['Server', '#Resets', '#Connections', '#Clients'],
      rows.map(({ server, resets, connections, clients }) => [server, resets, connections, clients]),
    ),
    more > 0 ? `<p class="left-out">and ${count(more, 'more server')}</p>\n` : '',
    table(
      ['Who really sent them', '#Connections', 'Where'],
      senderRows(explanation).map(({ who, connections, where, accused }) => [
        accused ? { worst: who } : who,
        connections,
        where,
      ]),
    ),
  ].join('')
}

type Cell = string | number | { readonly worst: string }

/** A heading that begins with `#` has numbers below it. */
function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return ''
  const titles = heads.map(head => head.replace(/^#/, ''))
  const kind = (i: number): string => (heads[i]?.startsWith('#') ? ' class="number"' : '')
  const content = (cell: Cell): string =>
    typeof cell === 'object'
      ? `<span class="worst">${escapeHtml(cell.worst)}</span>`
      : escapeHtml(typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)
  const row = (cells: readonly Cell[]): string =>
    `<tr>${cells.map((cell, i) => (cell === '' ? '<td></td>' : `<td${kind(i)} data-label="${titles[i]}">${content(cell)}</td>`)).join('')}</tr>`
  return `<div class="wide"><table>
<thead><tr>${titles.map((title, i) => `<th${kind(i)}>${title}</th>`).join('')}</tr></thead>
<tbody>
${rows.map(row).join('\n')}
</tbody></table></div>
`
}

function section(reset: Reset, { capture }: Explanation, ids: Set<string>): string {
  const { when, who, means, todo } = say(reset)
  const verdict = `${who} [${footing(reset)}]`
  const id = `${reset.file === undefined ? '' : `file${reset.file + 1}-`}frame${reset.frame}`
  // Two sections in one inner capture can count to the same frame: the anchor is the first one's.
  const anchor = ids.has(id) ? '' : ` id="${id}"`
  ids.add(id)
  const facts = [
    ['When', escapeHtml(when)],
    [
      'Who',
      `${isAccused(reset) ? `<span class="worst">${escapeHtml(verdict)}</span>` : escapeHtml(verdict)}${signs(reset)}`,
    ],
    ['Means', escapeHtml(means)],
    ['Do', escapeHtml(todo)],
    ...(reset.text === undefined
      ? []
      : [['Text', `in the reset itself, as it was sent: <code>${escapeHtml(reset.text)}</code>`]]),
    ...reset.notes.map(note => ['Note', escapeHtml(note)]),
  ]
  return `<section class="reset" data-worry="${worryOf(reset)}"${anchor}>
<h3>${escapeHtml(connectionTitle(reset).replace('->', '→').replace('<→', '↔'))}</h3>
<p class="place">${escapeHtml(headOf(reset, capture))}</p>
<dl>
${facts.map(([name, html]) => `<dt>${name}</dt><dd>${html}</dd>`).join('\n')}
</dl>
${drawing(reset)}</section>`
}

function signs({ sender }: Reset): string {
  const items = (which: 'against' | 'for', list: readonly Sign[]): string[] =>
    list.map(sign => `<li class="${which}"><b>${which}</b> ${escapeHtml(signText(sign))}</li>`)
  const all = [...items('against', sender.against), ...items('for', sender.for)]
  return all.length === 0 ? '' : `<ul>${all.join('')}</ul>`
}

/** Where the two ends stand, in percent of the width: so that the drawing fits a phone with letters of the same size. */
const LEFT = 19
const RIGHT = 84
const STEP = 36
const TIP = 9

function drawing(reset: Reset): string {
  const { left, right, steps, leftOut } = ladderOf(reset)
  if (steps.length === 0) return ''
  const height = steps.length * STEP + 12
  const end = (x: number): string => `<line class="end" x1="${x}%" x2="${x}%" y1="0" y2="${height}"/>`
  return `<div class="ends"><span>${escapeHtml(left)}</span><span>${escapeHtml(right)}</span></div>
<svg class="ladder" height="${height}" role="img" aria-label="The packets around frame ${reset.frame}, in order">
${end(LEFT)}${end(RIGHT)}
${steps.map((step, i) => drawStep(step, i * STEP, isAccused(reset))).join('\n')}
</svg>
${leftOut === undefined ? '' : `<p class="left-out">${escapeHtml(leftOut)}</p>\n`}`
}

function drawStep(step: Step, top: number, doubted: boolean): string {
  const middle = (LEFT + RIGHT) / 2
  if (step.kind === 'silence') {
    return `<text class="aside" x="${middle}%" y="${top + 24}" text-anchor="middle">${escapeHtml(step.text)}</text>`
  }
  const y = top + 26
  const own = step.reset === 'this'
  const label = `${step.words.join(' · ')}${own && doubted ? ' ?' : ''}`
  // The tip is a small picture of its own, as no shape but a line and a rectangle can be placed in percent.
  const [at, tip] = step.fromClient
    ? [RIGHT, `M-${TIP} -5L0 0L-${TIP} 5z`]
    : [LEFT, `M${TIP} -5L0 0L${TIP} 5z`]
  return `<g${own ? ' class="this"' : ''}><text class="aside" x="0" y="${y + 4}">${step.at}</text><text x="${middle}%" y="${y - 8}" text-anchor="middle">${escapeHtml(label)}</text><line class="packet" x1="${LEFT}%" x2="${RIGHT}%" y1="${y}" y2="${y}"/><svg x="${at}%" y="${y}" overflow="visible"><path class="tip${own ? ' this-tip' : ''}" d="${tip}"/></svg><text class="aside" x="100%" y="${y + 4}" text-anchor="end">#${step.frame}</text></g>`
}

function notes({ capture }: Explanation): string {
  const all = factNotes(capture)
  return all.length === 0
    ? ''
    : `<h2>What to know about this capture</h2>
<ul>${all.map(note => `<li>${escapeHtml(note)}</li>`).join('')}</ul>
`
}

function next(explanation: Explanation): string {
  const commands = nextCommands(explanation)
  return commands.length === 0
    ? ''
    : `<h2>What to type next</h2>
${commands.map(({ command, why }) => `<figure class="code"><figcaption>${escapeHtml(why)}</figcaption><pre><code>${escapeHtml(command)}</code></pre></figure>`).join('\n')}
`
}
