import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync, transformSync } from 'esbuild'
import type { Guide } from './guide'
import { escapeHtml, type Heading, headingLink, platformNames, renderMarkdown } from './markdown'

export { type Guide, parseGuide, readGuides } from './guide'

/** From this many sections on a guide gets a table of contents. */
const LONG = 4

/** One HTML page that needs nothing else: no other file, no request but those to the agent's API. */
export function renderGuide(guide: Guide): string {
  const { html, headings } = renderMarkdown(guide.markdown, guide.path)
  const sources = guide.sources.map(source => `<li>${escapeHtml(source)}</li>`).join('\n')
  const what = [
    guide.alarm === undefined ? 'Background' : `Alarm <code>${escapeHtml(guide.alarm)}</code>`,
    ...(guide.severity ? [guide.severity] : []),
    platformNames(guide.platforms),
  ]
  const live =
    guide.alarm === undefined ? '' : `<div id="live" data-alarm="${escapeHtml(guide.alarm)}"></div>\n`
  return page(
    guide.title,
    `<nav><a href="index.html">All guides</a></nav>
<p class="what">${what.join(' · ')}</p>
<h1>${escapeHtml(guide.title)}</h1>
${live}${contents([...headings, { level: 2, id: 'sources', text: 'Sources' }])}${html}
<h2 id="sources">Sources ${headingLink('sources')}</h2>
<ul class="sources">
${sources}
</ul>`,
  )
}

function contents(headings: readonly Heading[]): string {
  if (headings.filter(({ level }) => level === 2).length < LONG) return ''
  const items = headings
    .filter(({ level }) => level === 2 || level === 3)
    .map(({ level, id, text }) => `<li class="level${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`)
  return `<details class="toc"><summary>On this page</summary>
<ul>
${items.join('\n')}
</ul></details>
`
}

/** The page that lists the guides: first the alarms', then what they share. */
export function renderIndex(guides: readonly Guide[]): string {
  const list = (of: readonly Guide[]): string =>
    `<ul class="guides">
${of.map(item).join('\n')}
</ul>`
  return page(
    'TCP resets: the guides',
    `<h1>TCP resets: the guides</h1>
<p>One guide for each alarm, with the same name. An agent that serves this page shows the alarms’ state here.</p>
<h2>Alarms</h2>
${list(guides.filter(({ alarm }) => alarm !== undefined))}
<h2>Background</h2>
${list(guides.filter(({ alarm }) => alarm === undefined))}`,
  )
}

function item({ name, alarm, title }: Guide): string {
  const code = alarm === undefined ? '' : `<code>${escapeHtml(alarm)}</code>`
  const data = alarm === undefined ? '' : ` data-alarm="${escapeHtml(alarm)}"`
  return `<li${data}><a href="${name}.html">${escapeHtml(title)}</a>${code}</li>`
}

const STYLE = transformSync(readFileSync(join(__dirname, 'page.css'), 'utf8'), {
  loader: 'css',
  minify: true,
  target: 'chrome90',
}).code

/** What of `web/live` a browser is to run. */
function bundled(name: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(__dirname, 'live', name)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    logLevel: 'warning',
  })
  return outputFiles[0]?.text ?? ''
}

const SCRIPT = bundled('main.ts')

/** The script that makes links of the guides' addresses on the dashboards of agents before version 2. */
export const DASHBOARD_SCRIPT = bundled('dashboard.ts')

/** Two lines that part, as on the chart. Inline, so that no browser asks the server for one. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 11h5l2-8 2 10 1-2h4' fill='none' stroke='%232a78c8' stroke-width='2'/%3E%3C/svg%3E"

/** Lets through this style, this script and questions to the agent that serves the page, and nothing else. */
const POLICY = [
  "default-src 'none'",
  `style-src '${hash(STYLE)}'`,
  `script-src '${hash(SCRIPT)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`
}
