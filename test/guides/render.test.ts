import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { parseGuide, readGuides, renderGuide, renderIndex } from '../../web/render'

const root = join(__dirname, '..', '..')
const FRONT = `---
title: A title
platforms: [linux, freebsd]
sources: [somewhere]
---
`

/** The page of a guide that holds this Markdown. */
function pageOf(markdown: string): string {
  return renderGuide(parseGuide(`${FRONT}${markdown}`, 'guides/tcp/x.md', 'x'))
}

t.test('front matter that is missing or wrong is told with the file', async t => {
  const cases: Record<string, [string, RegExp]> = {
    'none at all': ['# Heading\n', /expected front matter between two lines of ---/],
    'not YAML': ['---\ntitle: [\n---\n', /front matter: /],
    'a key too many': [FRONT.replace('title', 'autor: me\ntitle'), /must NOT have additional properties/],
    'no sources': [FRONT.replace(/sources.*\n/, ''), /must have required property 'sources'/],
    'an unknown platform': [FRONT.replace('freebsd', 'plan9'), /\/platforms\/1 must be equal to one of/],
    'an alarm without severity': [FRONT.replace('title', 'alarm: x\ntitle'), /severity/],
    'another name than its alarm': [
      FRONT.replace('title', 'alarm: y\nseverity: warning\ntitle'),
      /its file must be y\.md/,
    ],
  }
  for (const [name, [text, message]] of Object.entries(cases)) {
    t.throws(() => parseGuide(text, 'guides/tcp/x.md', 'x'), { message: /^guides\/tcp\/x\.md: / }, name)
    t.throws(() => parseGuide(text, 'guides/tcp/x.md', 'x'), { message }, name)
  }
})

t.test('Markdown to page', async t => {
  t.match(pageOf('[a](other.md#part-1) [b](#here)'), /href="other\.html#part-1"[\s\S]*href="#here"/)
  t.match(
    pageOf('## Again & `again`\n\n## Again again\n'),
    /<h2 id="again--again">[\s\S]*<a class="anchor" href="#again--again"[\s\S]*<h2 id="again-again">/,
    'anchors as GitHub makes them',
  )
  t.match(pageOf('## Twice\n\n## Twice\n'), /id="twice"[\s\S]*id="twice-1"/)
  t.match(pageOf('```sh linux notest="why"\na < b\n```'), /<figcaption>Linux<\/figcaption>.*a &lt; b/)
  t.match(pageOf('```sh freebsd\na\n```'), /class="code freebsd"><figcaption>FreeBSD</)
  t.match(pageOf('```sh\na\n```'), /<figcaption>Linux and FreeBSD</)
  t.match(pageOf('| A | B |\n|---|---|\n| 1 | 2 |\n'), /data-label="A"[^>]*>1<[\s\S]*data-label="B"[^>]*>2</)
  t.notMatch(pageOf('<script>alert(1)</script>'), /<script>alert/, 'HTML in a guide is text')
  t.throws(() => pageOf('![a](https://example.org/x.png)'), { message: /^guides\/tcp\/x\.md: .*no images/ })
  t.notMatch(pageOf('## One\n'), /class="toc"/, 'a short guide needs no contents')
  t.match(pageOf('## A\n## B\n### C\n## D\n## E\n'), /class="toc"[\s\S]*class="level3"><a href="#c">C</)
})

const guides = readGuides(join(root, 'guides', 'tcp'))
const pages = new Map<string, string>([
  ...guides.map(guide => [`${guide.name}.html`, renderGuide(guide)] as const),
  ['index.html', renderIndex(guides)] as const,
])

t.test('every link of every page leads somewhere', async t => {
  const ids = new Map<string, string[]>()
  for (const [name, html] of pages) ids.set(name, html.match(/(?<= id=")[^"]+/g) ?? [])
  for (const [name, html] of pages) {
    const links = [...html.replace(/<script>[\s\S]*/, '').matchAll(/<a [^>]*href="([^"]*)"/g)]
    t.not(links.length, 0)
    for (const [, href = ''] of links) {
      const [file = '', anchor] = href.split('#')
      const target = ids.get(file || name)
      t.ok(target, `${name}: ${href}`)
      if (anchor !== undefined) t.ok(target?.includes(anchor), `${name}: ${href}`)
    }
    t.equal(new Set(ids.get(name)).size, ids.get(name)?.length, `${name}: each id once`)
  }
})

t.test('every guide is on the index, the alarms’ with their alarm', async t => {
  for (const { name, alarm } of guides) {
    t.ok(pages.get('index.html')?.includes(`href="${name}.html"`), name)
    if (alarm !== undefined) t.ok(pages.get('index.html')?.includes(`data-alarm="${alarm}"`), alarm)
  }
})

t.test('pages load nothing, and let nothing else run', async t => {
  const sha = (text = ''): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  for (const [name, html] of pages) {
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1]
    const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1]
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? ''
    t.match(policy, "default-src 'none'", name)
    t.ok(policy.includes(`style-src ${sha(style)};`), `${name}: the policy knows the style`)
    t.ok(policy.includes(`script-src ${sha(script)};`), `${name}: the policy knows the script`)
    t.equal(html.match(/<script/g)?.length, 1, `${name}: one script`)
    t.equal(html.match(/<style/g)?.length, 1, `${name}: one style`)

    const markup = html.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '')
    t.notMatch(markup, /<[^>]+\s(src|srcset|style|on\w+)=/, `${name}: no element loads or runs anything`)
    t.same(markup.match(/<link[^>]+href="(?!data:)/), null, `${name}: no linked file`)
    t.notMatch(style, /url\(|@import|@font-face/, `${name}: the style loads nothing`)
    t.notMatch(
      script,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|Function\(|https?:\/\/(?!www\.w3\.org\/2000\/svg)/,
      `${name}: the script makes no HTML of text, and knows no other address`,
    )
  }
})

t.test('the pages’ script is sound', async t => {
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  // Without the options that the test runner gives to every Node that a test starts.
  const check = spawnSync('env', ['NODE_OPTIONS=', tsc, '-p', join(root, 'web', 'live')], {
    encoding: 'utf8',
  })
  t.equal(check.status, 0, 'types', { stdout: check.stdout, stderr: check.stderr })
})
