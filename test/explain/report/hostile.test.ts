import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { renderHtml } from '../../../explain/report/html'
import { renderJson } from '../../../explain/report/json'
import { printable, shellWord } from '../../../explain/report/quote'
import { renderText } from '../../../explain/report/text'
import { explanationOf, madeReset } from './made'

// Payload and file names are written by strangers.

const HOSTILE = '\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.\r\n<script>alert(1)</script>"\'&\u{e0041}\ud800'

const hostile = explanationOf([madeReset({ text: HOSTILE, notes: [HOSTILE], flags: HOSTILE })])
const made = {
  ...hostile,
  capture: {
    ...hostile.capture,
    notes: [HOSTILE],
    files: [
      {
        name: HOSTILE,
        format: 'pcap' as const,
        linkTypes: ['EN10MB'],
        packets: 4,
        damage: { frame: 3, offset: 99, what: HOSTILE },
      },
    ],
  },
}
const CONTROL = /[^\n\P{Cc}]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

t.test('text: no control character gets through, none that turns the order of writing', async t => {
  const text = renderText(made, { width: 80, colour: false, summaryOnly: false })
  t.notMatch(text, CONTROL)
  t.match(text, '\\x1b]0;owned\\x07', 'it is shown')
})

t.test('JSON: the text comes out as it went in, and the bytes are plain ASCII', async t => {
  const json = [...renderJson(made)].join('')
  t.notMatch(json, /[^\n\x20-\x7e]/)
  t.same(JSON.parse(json), made)
  t.equal(json.split('\n').length, 4, 'a line for each reset')
})

t.test('HTML: no tag and no attribute that the page did not mean', async t => {
  const html = renderHtml(made, undefined)
  t.notMatch(html, CONTROL)
  t.notMatch(html, /<script|javascript:|onerror|<img|<link|<iframe/i)
  t.match(html, '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;')
  t.match(html, /default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]+='/)
  t.notMatch(html, /(?:src|href|url)\s*[=(]/i, 'nothing to load')
})

t.test('any text at all', async t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      return !CONTROL.test(printable(text)) && !printable(text).includes('\n')
    }),
  )
  // A command to type next must name the same file when it is pasted.
  const words = [
    "it's",
    'a b',
    '$(id)',
    '`id`',
    'new\nline',
    '\x1b[31m',
    '-rf',
    'a\\b',
    "\u202e'\\",
    'é.pcap',
    ';',
  ]
  for (const word of words) {
    const { stdout } = spawnSync('bash', ['-c', `printf %s ${shellWord(word)}`], {
      encoding: 'utf8',
      env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH },
    })
    t.equal(stdout.replace(/^\.\//, ''), word, JSON.stringify(word))
    t.notMatch(shellWord(word), CONTROL)
  }
})
