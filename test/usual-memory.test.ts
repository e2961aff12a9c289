import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { NEWBORN } from '../plugin/analysis/usual'
import { createLog } from '../plugin/log'
import { parseUsual, usualMemory } from '../plugin/usual-memory'

const MINUTE = 60_000
const NONE = { sent: false, received: false }
const FILE = 'tcp_resets.usual.json'

function open(dir: string | undefined) {
  const lines: string[] = []
  return {
    memory: usualMemory(
      dir,
      createLog({}, line => lines.push(line)),
    ),
    lines,
  }
}

/** A follower that has seen so many resets each second for ten minutes. */
function learn(memory: ReturnType<typeof usualMemory>, key: string, rate: number): void {
  const follower = memory.follower(key)
  for (let minute = 0; minute <= 10; minute++) {
    const total = BigInt(rate * 60 * minute)
    follower({ sent: total, received: 0n, opened: total }, minute * MINUTE, NONE)
  }
}

t.test('what is usual survives a restart', async t => {
  const dir = t.testdir({})
  const before = open(dir)
  learn(before.memory, '', 20)
  learn(before.memory, '_web', 3)
  before.memory.save()
  t.equal(statSync(join(dir, FILE)).mode & 0o777, 0o640)

  const after = open(dir)
  const first = (key: string) => after.memory.follower(key)({ sent: 0n, received: 0n, opened: 0n }, 0, NONE)
  t.match(first(''), { usual_sent: 20 })
  t.match(first('_web'), { usual_sent: 3 })
  t.equal(first('_new'), undefined)
  t.match(after.memory.follower('_born', NEWBORN)({ sent: 0n, received: 0n, opened: 0n }, 0, NONE), {
    usual_sent: 0,
  })
  after.memory.save()
  t.match(
    open(dir).memory.follower('_web').learnt,
    { sent: { rate: 3 } },
    'also where it learnt nothing more',
  )
  t.strictSame([...before.lines, ...after.lines], [])

  after.memory.forget()
  t.throws(() => statSync(join(dir, FILE)), { code: 'ENOENT' })
})

t.test('it is written down every five minutes', async t => {
  const dir = t.testdir({})
  const { memory } = open(dir)
  learn(memory, '', 20)
  memory.tick(0)
  memory.tick(4 * MINUTE)
  t.throws(() => statSync(join(dir, FILE)), { code: 'ENOENT' })
  memory.tick(5 * MINUTE)
  await t.resolves(
    (async () => {
      for (;;) {
        try {
          return parseUsual(readFileSync(join(dir, FILE), 'utf8'))
        } catch {
          await new Promise(setImmediate)
        }
      }
    })(),
  )
  t.match(open(dir).memory.follower('').learnt, { sent: { rate: 20 } })
})

t.test('a damaged file, or one of another version, is forgotten with one line', async t => {
  const learnt = { rate: 1, minutes: 60, flood: 0 }
  const whole = { version: 1, usual: { '': { sent: learnt, received: learnt } } }
  const texts: Record<string, string> = {
    empty: '',
    cut: JSON.stringify(whole).slice(0, -9),
    'another version': JSON.stringify({ ...whole, version: 2 }),
    'no numbers': JSON.stringify({
      version: 1,
      usual: { '': { sent: { ...learnt, rate: 'x' }, received: learnt } },
    }),
    'below 0': JSON.stringify({
      version: 1,
      usual: { '': { sent: { ...learnt, minutes: -1 }, received: learnt } },
    }),
    'one direction': JSON.stringify({ version: 1, usual: { '': { sent: learnt } } }),
    null: 'null',
    'too long': ' '.repeat(200_001),
  }
  for (const [name, text] of Object.entries(texts)) {
    const dir = t.testdir({ [FILE]: text })
    const { memory, lines } = open(dir)
    t.equal(lines.length, 1, name)
    t.match(lines[0], /learnt again\n$/, name)
    t.equal(memory.follower('').learnt.sent.minutes, 0, name)
    memory.save()
    t.ok(parseUsual(readFileSync(join(dir, FILE), 'utf8')), `${name}: the next one is whole`)
  }
  const dir = t.testdir({ [FILE]: {} })
  t.equal(open(dir).lines.length, 1, 'a directory')
})

t.test('it does not grow', async t => {
  const dir = t.testdir({})
  const { memory } = open(dir)
  learn(memory, '', 20)
  for (let at = 0; at < 1200; at++) memory.follower(`_${at}`)
  memory.save()
  const usual = parseUsual(readFileSync(join(dir, FILE), 'utf8'))
  t.equal(usual?.size, 500)
  t.ok(usual?.has('_1199'), 'the latest ones')
  t.match(usual?.get(''), { sent: { rate: 20 } }, 'and always the host')
})

t.test('no directory, or one that can not be written', async t => {
  const none = open(undefined)
  learn(none.memory, '', 1)
  none.memory.tick(0)
  none.memory.tick(9 * MINUTE)
  none.memory.save()
  none.memory.forget()
  t.strictSame(none.lines, [])

  const gone = open(join(t.testdir({}), 'gone'))
  gone.memory.save()
  gone.memory.save()
  t.equal(gone.lines.length, 1, 'a fault that lasts is told once')
  t.match(gone.lines[0], /what is usual: not saved: ENOENT/)
})
