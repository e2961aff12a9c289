import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import MarkdownIt from 'markdown-it'
import { parse } from 'yaml'

/** What the front matter of a guide says. */
export interface FrontMatter {
  /** The alarm that the guide belongs to; absent on pages that several guides share. */
  readonly alarm?: string
  readonly title: string
  readonly severity?: 'warning' | 'critical'
  readonly platforms: readonly ('linux' | 'freebsd')[]
  /** Where what it says comes from. */
  readonly sources: readonly string[]
}

export interface Guide extends FrontMatter {
  /** The file's name without its ending; an alarm's guide is named for its alarm. */
  readonly name: string
  readonly markdown: string
}

const check = new Ajv({ allErrors: true }).compile<FrontMatter>({
  type: 'object',
  additionalProperties: false,
  required: ['title', 'platforms', 'sources'],
  dependencies: { alarm: ['severity'] },
  properties: {
    alarm: { type: 'string' },
    title: { type: 'string', minLength: 1 },
    severity: { enum: ['warning', 'critical'] },
    platforms: { type: 'array', minItems: 1, items: { enum: ['linux', 'freebsd'] } },
    sources: { type: 'array', minItems: 1, items: { type: 'string' } },
  },
})

/**
 * Reads every guide of a folder.
 *
 * @throws naming the file whose front matter is missing or wrong
 */
export function readGuides(folder: string): Guide[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.md'))
    .sort()
    .map(file => readGuide(join(folder, file), file.slice(0, -'.md'.length)))
}

function readGuide(path: string, name: string): Guide {
  const parts = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readFileSync(path, 'utf8'))
  if (parts === null) throw new Error(`${path}: expected front matter between two lines of ---`)
  const front: unknown = parse(parts[1] ?? '')
  if (!check(front)) {
    const faults = check.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`.trim())
    throw new Error(`${path}: front matter: ${faults?.join('; ')}`)
  }
  if (front.alarm !== undefined && front.alarm !== name) {
    throw new Error(`${path}: is the guide of ${front.alarm}, so its file must be ${front.alarm}.md`)
  }
  return { ...front, name, markdown: parts[2] ?? '' }
}

const markdown = new MarkdownIt({ html: false, typographer: false })

// GitHub's anchors, so that a link works in the repository and on the page.
markdown.renderer.rules.heading_open = (tokens, index, options, _env, self) => {
  tokens[index]?.attrSet('id', anchor(tokens[index + 1]?.content ?? ''))
  return self.renderToken(tokens, index, options)
}
markdown.renderer.rules.link_open = (tokens, index, options, _env, self) => {
  const href = tokens[index]?.attrGet('href')
  if (typeof href === 'string')
    tokens[index]?.attrSet('href', href.replace(/^([\w-]+)\.md(?=#|$)/, '$1.html'))
  return self.renderToken(tokens, index, options)
}
markdown.renderer.rules.table_open = () => '<div class="wide"><table>\n'
markdown.renderer.rules.table_close = () => '</table></div>\n'

function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-')
}

/** One HTML page that needs nothing else: no other file, no request. */
export function renderGuide(guide: Guide): string {
  const severity = guide.severity ? ` · ${guide.severity}` : ''
  const sources = guide.sources.map(source => `<li>${escapeHtml(source)}</li>`).join('\n')
  return page(
    guide.title,
    `<nav><a href="index.html">All guides</a></nav>
<p class="what">${escapeHtml(guide.alarm ?? 'background')}${severity} · ${guide.platforms.join(', ')}</p>
<h1>${escapeHtml(guide.title)}</h1>
${markdown.render(guide.markdown)}
<h2 id="sources">Sources</h2>
<ul>
${sources}
</ul>`,
  )
}

/** The page that lists the guides. */
export function renderIndex(guides: readonly Guide[]): string {
  const item = (guide: Guide): string =>
    `<li><a href="${guide.name}.html">${escapeHtml(guide.title)}</a><br><code>${escapeHtml(guide.name)}</code></li>`
  return page(
    'TCP resets: the guides',
    `<h1>TCP resets: the guides</h1>
<ul>
${guides.map(item).join('\n')}
</ul>`,
  )
}

const STYLE = readFileSync(join(__dirname, 'guides.css'), 'utf8')

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return markdown.utils.escapeHtml(text)
}
