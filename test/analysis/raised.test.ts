import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type Raised, RULES, resetsJudge } from '../../plugin/analysis/raised'
import { root } from '../../scripts/build'

interface Stretch {
  readonly seconds: number
  readonly rate: number
  readonly usual?: number
  readonly opened?: number
}

/** What is raised, with the second in which each state began. */
function judge(stretches: readonly Stretch[], { updateEvery = 1, isNew = false } = {}): [number, Raised][] {
  const judge = resetsJudge(updateEvery, isNew)
  const states: [number, Raised][] = []
  let total = 10n
  let second = 0
  for (const { seconds, rate, usual, opened } of stretches) {
    for (let passed = 0; passed < seconds; passed += updateEvery) {
      total += BigInt(rate * updateEvery)
      second += updateEvery
      const { raised } = judge(total, usual, opened, second * 1000)
      if (states.length === 0 || states.at(-1)?.[1] !== raised) states.push([second, raised])
    }
  }
  return states
}

const QUIET = { seconds: 100, rate: 0, usual: 0, opened: 0 }
const LONG = { ...QUIET, seconds: 400 }

t.test('a burst is told within 15 seconds, and stays for as long as it lasts', async t => {
  const states = judge([QUIET, { ...QUIET, seconds: 120, rate: 200 }, QUIET])
  t.match(
    states.map(([, raised]) => raised),
    [undefined, 'burst', undefined],
  )
  const [, began = [0], ended = [0]] = states
  t.ok(began[0] > 100 && began[0] <= 115, `${began[0]}`)
  t.ok(ended[0] >= 220 && ended[0] <= 232, `${ended[0]}`)
})

t.test('what is no burst', async t => {
  const restart = { ...QUIET, seconds: 5, rate: 200 }
  const pause = { ...QUIET, seconds: 25 }
  t.strictSame(judge([QUIET, restart, pause, restart, pause, restart, pause]), [[1, undefined]], 'restarts')
  t.strictSame(judge([{ seconds: 900, rate: 60, usual: 60, opened: 1 }]), [[1, undefined]], 'a steady rate')
  t.strictSame(judge([QUIET, { ...QUIET, seconds: 100, rate: 45 }]), [[1, undefined]], 'few')
})

t.test('a flood is the median of five minutes, however its limit changes meanwhile', async t => {
  const { time, raises, holds, opened: share, usual: begins, holdsUsual } = RULES.flood
  const stretch = fc.record({
    seconds: fc.integer({ min: 1, max: 200 }),
    rate: fc.integer({ min: 0, max: 30 }),
    usual: fc.integer({ min: 0, max: 10 }),
    opened: fc.integer({ min: 0, max: 100 }),
  })
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 5, maxLength: 20 }), stretches => {
      const judge = resetsJudge(1, true)
      const rates: number[] = []
      let total = 0n
      let flood = false
      judge(total, 0, 0, 0)
      for (const { seconds, rate, usual, opened } of stretches) {
        for (let passed = 0; passed < seconds; passed++) {
          total += BigInt(rate)
          rates.push(rate)
          const limit: number = flood
            ? Math.max(holds, share * opened, holdsUsual * usual)
            : Math.max(raises, share * opened, begins * usual)
          flood = rates.slice(-time).filter(each => each > limit).length > time / 2
          const { raised } = judge(total, usual, opened, rates.length * 1000)
          if ((raised === 'flood') !== flood) return false
        }
      }
      return true
    }),
    { numRuns: 50 },
  )
  t.pass()
})

t.test('a flood is told within 3 minutes, by what is usual and what is opened', async t => {
  const flood = { seconds: 400, rate: 20, usual: 0, opened: 20 }
  const [, began = [0, undefined]] = judge([LONG, flood])
  t.equal(began[1], 'flood')
  t.ok(began[0] > 400 && began[0] <= 580, `${began[0]}`)
  t.strictSame(judge([LONG, { ...flood, usual: 11 }]), [[1, undefined]], 'it is usual here')
  t.strictSame(judge([LONG, { ...flood, opened: 101 }]), [[1, undefined]], 'few of many connections')
  t.strictSame(
    judge([flood]),
    [
      [1, undefined],
      [301, 'flood'],
    ],
    'after a restart of the plugin: five minutes have to be known',
  )
  t.strictSame(judge([LONG, { seconds: 400, rate: 20 }]), [[1, undefined]], 'nor of what is usual')
  t.strictSame(
    judge([
      LONG,
      { ...flood, rate: 100, usual: 20 },
      { ...flood, rate: 35, usual: 20 },
      { ...flood, usual: 20 },
    ])
      .map(([, raised]) => raised)
      .slice(-2),
    ['flood', undefined],
    'raised, it stays until it is as it usually is',
  )
  t.strictSame(
    judge([LONG, { ...flood, rate: 200 }]).map(([, raised]) => raised),
    [undefined, 'burst', 'flood'],
    'a sudden one is told at once',
  )
})

t.test('there were no resets in a namespace that did not exist', async t => {
  const flood = { seconds: 400, rate: 200, usual: 0, opened: 200 }
  const [, began = [99, undefined]] = judge([flood], { isNew: true })
  t.equal(began[1], 'burst')
  t.ok(began[0] <= 15, `${began[0]}`)
})

t.test('with fewer ticks, and with one that was missed', async t => {
  const burst = { ...QUIET, rate: 200 }
  const states = judge([QUIET, burst, QUIET], { updateEvery: 5 })
  t.strictSame(
    states.map(([, raised]) => raised),
    [undefined, 'burst', undefined],
  )
  const judged = resetsJudge(1, true)
  judged(0n, 0, 0, 0)
  t.match(judged(2000n, 0, 0, 10_000), { raised: 'burst', rate: 200 }, 'ten seconds in one')
  t.match(judged(undefined, 0, 0, 11_000), { raised: 'burst' }, 'a gap changes nothing')
  t.match(judged(5n, 0, 0, 12_000), { raised: undefined }, 'counters that went back')
})

t.test('the numbers are those of the health file', async t => {
  const { burst, flood } = RULES
  const health = readFileSync(join(root, 'health.d', 'tcp_resets.conf'), 'utf8')
  for (const which of ['sent', 'received']) {
    const [minute, most] = [`$1m_ipv4_tcp_resets_${which}`, `$15s_ipv4_tcp_resets_${which}`]
    const floor = `((${minute} < ${burst.floor}) ? (${burst.floor}) : (${minute}))`
    const raises = `$this > (${burst.raises} * ${floor}) AND ${most} > ${burst.least}`
    const rules: Record<string, string> = {
      '1m': `average -${burst.before / 60}m at -${burst.time}s unaligned of ${which} `,
      '15s': `median -${burst.most}s unaligned of ${which} `,
      '10s': `average -${burst.time}s unaligned of ${which} $netdata.uptime.uptime > 60 AND (($status >= $WARNING) ? ($this > (${burst.holds} * ${floor})) : (${raises}))`,
      '5m': `median -${flood.time / 60}m unaligned of ${which} $this > (($status >= $WARNING) ? (${flood.holds}) : (${flood.raises})) AND $this > (${flood.opened} * $opened) AND $this > ((($status >= $WARNING) ? (${flood.holdsUsual}) : (${flood.usual})) * $usual_${which})`,
    }
    for (const [span, rule] of Object.entries(rules)) {
      const found = health
        .split(/\n(?= *(?:template|alarm):)/)
        .filter(block => block.includes(` ${span}_ipv4_tcp_resets_${which}\n`))
        .map(block => `${/ lookup: (.*)/.exec(block)?.[1]} ${/ warn: (.*)/.exec(block)?.[1] ?? ''}`)
      t.strictSame([...new Set(found)], [rule], `${span} ${which}, of the host and of containers`)
    }
  }
})

t.test('a counter that starts anew says nothing', async t => {
  const judge = resetsJudge(1, true)
  judge(0n, 0, 0, 1000)
  t.strictSame(judge(10n, 0, 0, 2000), { raised: undefined, rate: 1 }, 'ten in the latest of ten seconds')
  t.strictSame(judge(3n, 0, 0, 3000), { raised: undefined, rate: 0 })
  t.strictSame(judge(13n, 0, 0, 4000), { raised: undefined, rate: 2 })
})
