import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import MarkdownIt from 'markdown-it'
import t, { type Test } from 'tap'
import { dist, root } from '../../scripts/build'

// Every link of the Markdown pages and of the built guides leads to something that is there. Addresses of the web are
// not asked: the tests have no internet.

interface Page {
  readonly links: readonly string[]
  /** What a link can point at in it, after the `#`. */
  readonly anchors: ReadonlySet<string>
}

/** The anchor that GitHub makes of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replace(/ /g, '-')

function markdownPage(text: string): Page {
  const links: string[] = []
  const anchors = new Set<string>()
  const tokens = new MarkdownIt({ html: true }).parse(text, {})
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const inline = tokens[index + 1]?.children ?? []
      anchors.add(anchorOf(inline.map(({ content }) => content).join('')))
    }
    for (const part of [token, ...(token.children ?? [])]) {
      const target = part.attrGet('href') ?? part.attrGet('src')
      if (target !== null) links.push(String(target))
      if (part.type.startsWith('html')) links.push(...htmlPage(part.content).links)
    }
  }
  return { links, anchors }
}

function htmlPage(text: string): Page {
  const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(match => match[1] ?? '')
  return { links: all(/ (?:href|src)="([^"]*)"/g), anchors: new Set(all(/ id="([^"]*)"/g)) }
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .map(name => join(folder, name))
}

const read = (file: string): Page =>
  (file.endsWith('.md') ? markdownPage : htmlPage)(readFileSync(file, 'utf8'))

/** @param web what `/` is for a page that is served */
function check(t: Test, file: string, web: string): void {
  const page = read(file)
  const broken = page.links.filter(link => {
    if (/^[a-z]+:/.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? file : path.startsWith('/') ? join(web, path) : resolve(dirname(file), path)
    if (!existsSync(target)) return true
    return anchor !== undefined && !read(target).anchors.has(anchor)
  })
  t.strictSame(broken, [], relative(root, file))
}

t.test('links of the Markdown pages', async t => {
  const pages = [
    ...readdirSync(root)
      .filter(name => name.endsWith('.md'))
      .map(name => join(root, name)),
    ...filesIn(join(root, 'docs'), '.md'),
    ...filesIn(join(root, 'guides'), '.md'),
  ]
  for (const page of pages) check(t, page, root)
})

t.test('links of the built guides', async t => {
  for (const page of filesIn(join(dist, 'web'), '.html')) check(t, page, join(dist, 'web'))
})

t.test('the README quotes figures that docs/measured.md has', async t => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const measured = readFileSync(join(root, 'docs', 'measured.md'), 'utf8')
  const table = /\n## Measured\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? ''
  const rows = table
    .split('\n')
    .filter(line => /^\| [^-]/.test(line))
    .slice(1)
  t.ok(rows.length >= 4, 'a summary')
  for (const row of rows) {
    const result = row.split('|')[2] ?? ''
    for (const figure of result.match(/\d+(?:[.,]\d+)*/g) ?? []) {
      t.match(measured, new RegExp(`(?<![\\d.,])${figure}(?![\\d]|[.,]\\d)`), `${figure} of ${row}`)
    }
  }
})
