import t from 'tap'
import { type Totals, usualFollower } from '../../plugin/analysis/usual'

const MINUTE = 60_000

/** Lets `minutes` pass with so many events each second, a tick a second; gives all that came out, by minute. */
function follow(rates: readonly { minutes: number; sent: number; opened?: number }[]) {
  const usual = usualFollower()
  const out: { minute: number; values: Record<string, number> }[] = []
  let now = 1234
  let sent = 1000n
  let opened = 1n << 60n
  for (const { minutes, ...rate } of rates) {
    for (let second = 0; second < minutes * 60; second++) {
      const values = usual({ sent, received: sent / 2n, opened }, now)
      if (values !== undefined) out.push({ minute: Math.round((now - 1234) / MINUTE), values })
      now += 1000
      sent += BigInt(rate.sent)
      opened += BigInt(rate.opened ?? 0)
    }
  }
  return out
}

t.test('a steady rate is usual from the sixth minute on, once a minute', async t => {
  const out = follow([{ minutes: 10, sent: 20, opened: 30 }])
  t.strictSame(
    out.map(({ minute }) => minute),
    [6, 7, 8, 9],
  )
  for (const { values } of out) t.match(values, { usual_sent: 20, usual_received: 10, opened: 30 })
})

t.test('a flood is not usual in its first five minutes', async t => {
  const out = follow([
    { minutes: 20, sent: 1, opened: 100 },
    { minutes: 10, sent: 200, opened: 0 },
  ])
  for (const { minute, values } of out) {
    if (minute <= 25) t.equal(values.usual_sent, 1, `minute ${minute}`)
    else t.ok((values.usual_sent ?? 0) > 1, `minute ${minute}: ${values.usual_sent}`)
  }
  t.equal(out.at(-1)?.values.opened, 0, 'the last five minutes only')
})

t.test('an hour ago is forgotten', async t => {
  const out = follow([
    { minutes: 30, sent: 600 },
    { minutes: 70, sent: 0 },
  ])
  t.equal(out.at(-1)?.values.usual_sent, 0)
  t.equal(out.length, 94)
})

t.test('counters that start anew start it anew, and a gap is waited for', async t => {
  const usual = usualFollower()
  const at = (minute: number, totals: Partial<Totals>) =>
    usual({ sent: undefined, received: 0n, opened: 0n, ...totals }, minute * MINUTE)
  for (let minute = 0; minute < 6; minute++) at(minute, { sent: 60n * BigInt(minute) })
  t.match(at(6, { sent: 360n }), { usual_sent: 1 })
  t.equal(at(7, {}), undefined)
  t.match(at(7.5, { sent: 450n }), { usual_sent: 1 }, 'as soon as it can be read')
  t.equal(at(9, { sent: 3n }), undefined)
  t.equal(at(10, { sent: 3n }), undefined)
})
