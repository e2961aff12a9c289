import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import MarkdownIt from 'markdown-it'
import t from 'tap'
import { ownFiles } from '../../cli/install/plan'
import { dist } from '../../scripts/build'
import { findNetdata } from '../../scripts/private-agent'
import { telegramParser } from '../../scripts/telegram-parser'
import { type Notice, notify, SENDERS, type Sent, sendersOf } from './notifier'

// Every notice of ours, through the real notifier of Netdata and each of its senders, to what would be sent. What it
// sends with is a stand-in: see notifier-stand-in.sh. Telegram's part is read by Telegram's own parser.

const netdata = findNetdata()
const skip = netdata === undefined && 'needs Netdata'
const parser = telegramParser()
const GUIDES = 'https://monitoring.example/netdata'
/** Long, and with all signs that a name can have. */
const NAMES = ['a', 'b', 'c'].map(letter => letter.padEnd(40, '_x.-'))
const LABELS: Readonly<Record<string, string>> = {
  namespace: 'web_1',
  most: `${NAMES.map(name => `${name} receives 1234567/s`).join(' and ')} and 200 more`,
  joined: 'web_1 sends 212/s and app_3 receives 61/s',
}

/** The notices of an installation, as the agent hands them to its notifier: with the values of the labels. */
function noticesOf(health: string): Notice[] {
  const filled = health.replaceAll(/\$\{label:(\w+)\}|\$label:(\w+)/g, (_, a, b) => `${LABELS[a ?? b]}`)
  return filled.split(/^(?= *(?:alarm|template): )/m).flatMap(rule => {
    const value = (key: string): string | undefined => new RegExp(`^ *${key}: (.*)$`, 'm').exec(rule)?.[1]
    const [name, chart, info] = [value('alarm') ?? value('template'), value('on'), value('info')]
    if (!name || !chart || !info || !value('warn') || value('to') === 'silent') return []
    return [{ name, chart, status: 'WARNING', info, summary: value('summary') ?? name }]
  })
}

/** Every text in what was sent: the words, and what is in those that are JSON or the fields of a form. */
function textsOf({ words }: Sent): string[] {
  const inside = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(inside)
  return words.flatMap(word => [word, ...inside(jsonOf(word)), ...new URLSearchParams(word).values()])
}

function jsonOf(word: string): unknown {
  try {
    const value: unknown = JSON.parse(word.replace(/^payload=/, ''))
    return typeof value === 'object' ? value : undefined
  } catch {
    return undefined
  }
}

const sentBy = (sent: readonly Sent[], by: string): Sent[] =>
  sent.filter(({ program, words }) => program === by || words.some(word => word.startsWith(by)))

/** The messages that Telegram gets, as its API takes them. */
const telegramOf = (sent: readonly Sent[]): string[] =>
  sentBy(sent, `${SENDERS.TELEGRAM?.by}`).flatMap(({ words }) =>
    words.filter(word => word.startsWith('text=')).map(word => word.slice('text='.length)),
  )

/** What a reader sees, or what the server says. */
function readByTelegram(messages: readonly string[]): { text?: string; links?: string[]; error?: string }[] {
  const { stdout, stderr } = spawnSync('python3', [join(__dirname, 'telegram.py'), `${parser}`], {
    input: JSON.stringify(messages),
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

t.test('each notice, by each sender', { skip }, async t => {
  if (netdata === undefined) return
  const { stockConf, stockPlugins, web } = netdata
  const layout = { from: '', plugins: stockPlugins, stockConf, userConf: '/etc/netdata', web, state: '' }
  const file = ownFiles(dist, layout, GUIDES).find(({ path }) => path.includes('/health.d/'))
  const notices = noticesOf(`${file?.content}`)
  t.equal(notices.length, 7, 'those that somebody is told')
  const dir = t.testdir({})

  const unknown = sendersOf(netdata).filter(name => !Object.hasOwn(SENDERS, name))
  t.strictSame(unknown, [], 'every sender that Netdata has is looked at')

  const old = { ...(notices[0] as Notice), info: 'What to do: <a href=/guides/tcp/x.html>guide</a>' }
  const [before, ...results] = await Promise.all([
    notify(netdata, dir, old, 1),
    ...notices.map((notice, at) => notify(netdata, dir, notice, at % 2 === 0 ? 1 : 2)),
  ])
  for (const [at, { sent, log }] of results.entries()) {
    const { name, chart, info } = notices[at] as Notice
    const page = `${GUIDES}/guides/tcp/${name}.html`
    t.notMatch(log, /fail|error|cannot find/i, `${name}: no sender that fails`)
    for (const sender of sendersOf(netdata)) {
      const { by, hasInfo, json } = SENDERS[sender] as (typeof SENDERS)[string]
      const own = sentBy(sent, by)
      t.ok(own.length > 0, `${sender}: ${name} is sent`)
      for (const one of own) {
        if (json) t.ok(one.words.some(jsonOf), `${sender}: it is valid JSON`)
        const texts = textsOf(one)
        if (hasInfo) {
          const whole = texts.find(text => text.includes(info))
          t.ok(whole, `${sender}: the text of ${name} is whole`)
          const behind = whole?.slice((whole.indexOf(info) ?? 0) + info.length)
          t.match(
            behind,
            /^($|[\s<"'}\\])/,
            `${sender}: and nothing that looks like a part of the address comes after it`,
          )
        } else {
          const alarm = new RegExp(`${name.replaceAll('_', '[_ ]')}|${chart.replace('.', '\\.')}`)
          t.ok(
            texts.some(text => alarm.test(text)),
            `${sender}: it is about ${name}`,
          )
        }
      }
    }
    t.ok(info.endsWith(page), `${name}: the address is the last word`)
  }

  t.test('as text, as HTML and as Markdown the same', async t => {
    const markdown = new MarkdownIt({ linkify: true, html: true })
    for (const { name, info } of notices) {
      t.notMatch(info, /[<>&"'*~`|\\[\]{}$]/, `${name}: no sign of any markup, and no label without a value`)
      const [{ children } = { children: null }] = markdown.parseInline(info, {})
      t.strictSame(
        children?.map(({ type, content, attrs }) =>
          type === 'link_open' ? attrs : type === 'text' && content,
        ),
        [
          info.slice(0, info.lastIndexOf(' ') + 1),
          [['href', `${GUIDES}/guides/tcp/${name}.html`]],
          `${GUIDES}/guides/tcp/${name}.html`,
          false,
        ],
        `${name}: text, and a link where the address is`,
      )
    }
  })

  t.test(
    'Telegram takes it',
    {
      skip:
        parser === undefined && 'the npm registry has no parser for this machine, or could not be reached',
    },
    async t => {
      const [refused] = readByTelegram(telegramOf(before?.sent ?? []))
      t.match(refused, { error: /^400 Can't parse entities/ }, 'but not a link as it was written once')
      const messages = results.flatMap(({ sent }) => telegramOf(sent))
      t.equal(messages.length, notices.length)
      for (const [at, { text, links, error }] of readByTelegram(messages).entries()) {
        const { name, info } = notices[at] as Notice
        t.equal(error, undefined, name)
        t.ok(text?.endsWith(`\n${info}`), `${name}: whole, at the end of ${text}`)
        t.strictSame(links, [`${GUIDES}/guides/tcp/${name}.html`], `${name}: what it makes a link of`)
      }
    },
  )
})
