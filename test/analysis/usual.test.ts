import t from 'tap'
import { NEWBORN, SETTLED, type Totals, type Usual, usualFollower } from '../../plugin/analysis/usual'

const MINUTE = 60_000
const NONE = { sent: false, received: false }

interface Stretch {
  readonly minutes: number
  readonly sent: number
  readonly opened?: number
  /** Whether the alarm is raised meanwhile. */
  readonly raised?: boolean
}

/** Lets `minutes` pass with so many events each second, a tick every 10 seconds; gives all that came out, by minute. */
function follow(stretches: readonly Stretch[], known?: Usual) {
  const usual = usualFollower(known)
  const out: { minute: number; values: Record<string, number> }[] = []
  let now = 1234
  let sent = 1000n
  let opened = 1n << 60n
  for (const { minutes, raised = false, ...rate } of stretches) {
    for (let tick = 0; tick < minutes * 6; tick++) {
      const values = usual({ sent, received: sent / 2n, opened }, now, { sent: raised, received: raised })
      if (values !== undefined) out.push({ minute: Math.round((now - 1234) / MINUTE), values })
      now += 10_000
      sent += BigInt(rate.sent * 10)
      opened += BigInt((rate.opened ?? 0) * 10)
    }
  }
  return { out, last: out.at(-1)?.values, learnt: usual.learnt }
}

t.test('a steady rate is usual after five minutes, once a minute', async t => {
  const { out } = follow([{ minutes: 10, sent: 20, opened: 30 }])
  t.strictSame(
    out.map(({ minute }) => minute),
    [5, 6, 7, 8, 9],
  )
  for (const { values } of out) t.match(values, { usual_sent: 20, usual_received: 10, opened: 30 })
})

t.test('one that changes is followed, within about an hour', async t => {
  const { last } = follow([
    { minutes: 60, sent: 20 },
    { minutes: 60, sent: 35 },
    { minutes: 120, sent: 4 },
  ])
  t.ok((last?.usual_sent ?? 0) < 8, `${last?.usual_sent}`)
})

t.test('a flood is not what is usual, however long a day it is', async t => {
  const before = { minutes: 20, sent: 1, opened: 100 }
  const { last, learnt } = follow([before, { minutes: SETTLED - 1, sent: 200, opened: 0 }])
  t.match(last, { usual_sent: 1, opened: 0 }, 'and opened is of the last minutes only')
  t.match(learnt.sent.flood, SETTLED - 2)
  const after = follow([before, { minutes: SETTLED + 2, sent: 200, opened: 0 }])
  t.equal(after.last?.usual_sent, 200, 'after a day it is')
  const calm = follow([
    before,
    { minutes: SETTLED - 60, sent: 200, opened: 0 },
    { minutes: 2, sent: 1, opened: 0 },
    { minutes: SETTLED - 60, sent: 200, opened: 0 },
  ])
  t.ok((calm.last?.usual_sent ?? 9) < 5, 'a calm minute, and it has to last for a day anew')
})

t.test('nor what it becomes, for as long as it is raised', async t => {
  const { last } = follow([
    { minutes: 20, sent: 20, opened: 20 },
    { minutes: 20, sent: 100, opened: 20, raised: true },
    { minutes: 120, sent: 35, opened: 20, raised: true },
  ])
  t.match(last, { usual_sent: 20, usual_received: 10 })
})

t.test('many of many connections are no flood', async t => {
  const { last } = follow([
    { minutes: 20, sent: 1, opened: 1000 },
    { minutes: 240, sent: 150, opened: 1000 },
  ])
  t.ok((last?.usual_sent ?? 0) > 140, 'so they become usual')
})

t.test('what was learnt before goes on, at once', async t => {
  const { learnt } = follow([{ minutes: 30, sent: 2, opened: 2 }])
  const flood = { minutes: 10, sent: 50, opened: 50 }
  const { out } = follow([flood], learnt)
  t.match(out[0], { minute: 0, values: { usual_sent: 2, usual_received: 1 } })
  t.match(out.at(-1)?.values, { usual_sent: 2 }, 'a flood that goes on over a restart does not become usual')
  t.ok((follow([flood]).last?.usual_sent ?? 0) > 49, 'as it would where nothing is known')
  t.match(follow([flood], NEWBORN).last, { usual_sent: 0 }, 'nor that of a container from its start')
})

t.test('counters that start anew lose a minute, and a gap is waited for', async t => {
  const usual = usualFollower()
  const at = (minute: number, totals: Partial<Totals>) =>
    usual({ sent: undefined, received: 0n, opened: 0n, ...totals }, minute * MINUTE, NONE)
  for (let minute = 0; minute < 6; minute++) at(minute, { sent: 60n * BigInt(minute) })
  t.match(at(6, { sent: 360n }), { usual_sent: 1 })
  t.equal(at(7, {}), undefined)
  t.match(at(7.5, { sent: 450n }), { usual_sent: 1 }, 'as soon as it can be read')
  t.equal(at(9, { sent: 3n }), undefined)
  t.match(at(10, { sent: 63n }), { usual_sent: 1 })
})
