import MarkdownIt, { type Token } from 'markdown-it'
import type { Platform } from './guide'

/** A heading of the page, for its table of contents. */
export interface Heading {
  readonly level: number
  readonly id: string
  readonly text: string
}

export interface Rendered {
  readonly html: string
  readonly headings: readonly Heading[]
}

const PLATFORM_NAMES: Record<Platform, string> = { linux: 'Linux', freebsd: 'FreeBSD' }

/** Platforms as a reader says them: `Linux and FreeBSD`. */
export function platformNames(platforms: readonly Platform[]): string {
  return platforms.map(platform => PLATFORM_NAMES[platform]).join(' and ')
}

const markdown = new MarkdownIt({ html: false, typographer: false })

export function escapeHtml(text: string): string {
  return markdown.utils.escapeHtml(text)
}

/**
 * Renders the body of a guide.
 *
 * @param path the file it comes from, for messages
 * @throws on what a page without requests can't show
 */
export function renderMarkdown(text: string, path: string): Rendered {
  const tokens = markdown.parse(text, {})
  const headings = anchorHeadings(tokens)
  labelCells(tokens)
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    if (token.type === 'image') throw new Error(`${path}: a guide has no images: ${attribute(token, 'src')}`)
    if (token.type === 'link_open') token.attrSet('href', pageAddress(attribute(token, 'href')))
  }
  return { html: markdown.renderer.render(tokens, markdown.options, {}), headings }
}

function attribute(token: Token | undefined, name: string): string {
  return String(token?.attrGet(name) ?? '')
}

/** Gives each heading GitHub's anchor, so that a link works in the repository and on the page. */
function anchorHeadings(tokens: readonly Token[]): Heading[] {
  const headings: Heading[] = []
  const taken = new Map<string, number>()
  tokens.forEach((token, index) => {
    if (token.type !== 'heading_open') return
    const text = plainText(tokens[index + 1])
    const wanted = anchor(text)
    const before = taken.get(wanted) ?? 0
    taken.set(wanted, before + 1)
    const id = before === 0 ? wanted : `${wanted}-${before}`
    token.attrSet('id', id)
    headings.push({ level: Number(token.tag.slice(1)), id, text })
  })
  return headings
}

function plainText(inline: Token | undefined): string {
  return (inline?.children ?? []).map(({ content }) => content).join('')
}

function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-')
}

/** Tells each cell its column's name: on a phone a row is a card, and the cells need their names there. */
function labelCells(tokens: readonly Token[]): void {
  let names: string[] = []
  let column = 0
  tokens.forEach((token, index) => {
    if (token.type === 'table_open') names = []
    if (token.type === 'tr_open') column = 0
    if (token.type === 'th_open') names.push(plainText(tokens[index + 1]))
    if (token.type === 'td_open') token.attrSet('data-label', names[column++] ?? '')
    // Shown as blocks, a table would no longer be one to a screen reader. It says so itself, then.
    const role = TABLE_ROLES[token.type]
    if (role !== undefined) token.attrSet('role', role)
  })
}

const TABLE_ROLES: Record<string, string | undefined> = {
  table_open: 'table',
  thead_open: 'rowgroup',
  tbody_open: 'rowgroup',
  tr_open: 'row',
  th_open: 'columnheader',
  td_open: 'cell',
}

function pageAddress(href: string): string {
  return href.replace(/^([\w-]+)\.md(?=#|$)/, '$1.html')
}

markdown.renderer.rules.heading_close = (tokens, index, options, _env, self) => {
  const id = attribute(tokens[index - 2], 'id')
  return ` ${headingLink(id)}${self.renderToken(tokens, index, options)}`
}

/** The # behind a heading. */
export function headingLink(id: string): string {
  return `<a class="anchor" href="#${escapeHtml(id)}" aria-label="Link to this section">#</a>`
}

markdown.renderer.rules.fence = (tokens, index) => {
  const { info = '', content = '' } = tokens[index] ?? {}
  const platform = /^sh (linux|freebsd)\b/.exec(info)?.[1]
  const label = platformNames(
    platform === 'linux' || platform === 'freebsd' ? [platform] : ['linux', 'freebsd'],
  )
  return `<figure class="code ${platform ?? 'any'}"><figcaption>${label}</figcaption><pre tabindex="0" role="group" aria-label="Commands for ${label}"><code>${escapeHtml(content)}</code></pre></figure>\n`
}
