import fc from 'fast-check'
import t from 'tap'
import { startClock, type Time } from '../plugin/clock'

/** A time that a test moves by hand, in milliseconds. */
function handTime(wall: number) {
  let monotonic = 5000
  let due: { at: number; tick: () => void } | undefined
  const time: Time = {
    wall: () => wall,
    monotonic: () => monotonic,
    in(milliseconds, tick) {
      due = { at: monotonic + milliseconds, tick }
      return () => {
        due = undefined
      }
    },
  }
  const pass = (milliseconds: number): void => {
    monotonic += milliseconds
    wall += milliseconds
  }
  return {
    time,
    step: (milliseconds: number) => {
      wall += milliseconds
    },
    pass,
    /** Lets the timer fire, `late` after it was due. */
    fire: (late = 0) => {
      if (due === undefined) throw new Error('no timer is set')
      const { at, tick } = due
      pass(at + late - monotonic)
      due = undefined
      tick()
    },
    idle: () => due === undefined,
  }
}

function record(start: number, seconds = 1) {
  const hand = handTime(start)
  const ticks: { wall: number; monotonic: number }[] = []
  const stop = startClock(
    seconds,
    () => {
      ticks.push({ wall: hand.time.wall(), monotonic: hand.time.monotonic() })
    },
    hand.time,
  )
  return { hand, ticks, stop, walls: () => ticks.map(tick => tick.wall) }
}

t.test('ticks at whole seconds', async t => {
  const { hand, walls } = record(1_000_300)
  hand.fire()
  hand.fire()
  hand.fire()
  t.strictSame(walls(), [1_001_000, 1_002_000, 1_003_000])
})

t.test('ticks at whole multiples of a longer interval', async t => {
  const { hand, walls } = record(1_000_300, 10)
  hand.fire()
  hand.fire()
  t.strictSame(walls(), [1_010_000, 1_020_000])
})

t.test('a start shortly before a whole second leaves that one out', async t => {
  const { hand, walls } = record(1_000_700)
  hand.fire()
  t.strictSame(walls(), [])
  hand.fire()
  t.strictSame(walls(), [1_002_000])
})

t.test('late ticks, a stopped process: none is made up for', async t => {
  const { hand, walls } = record(1_000_000)
  hand.fire(300)
  hand.fire()
  hand.fire(30_200)
  hand.fire()
  hand.fire(900)
  hand.fire()
  hand.fire()
  t.strictSame(walls(), [1_001_300, 1_002_000, 1_033_200, 1_034_000, 1_035_900, 1_037_000])
})

t.test('a timer that fires early makes no extra tick', async t => {
  const { hand, walls } = record(1_000_000)
  hand.fire(-1)
  hand.fire()
  hand.fire()
  t.strictSame(walls(), [1_000_999, 1_002_000])
})

t.test('the wall clock steps by an hour, either way', async t => {
  for (const step of [3_600_250, -3_600_250]) {
    const { hand, ticks } = record(1_000_000)
    hand.fire()
    hand.step(step)
    hand.fire()
    hand.fire()
    hand.fire()
    const apart = ticks.slice(1).map((tick, i) => tick.monotonic - (ticks[i]?.monotonic ?? 0))
    t.ok(
      apart.every(ms => ms >= 500 && ms <= 1500),
      `no doubled, no negative interval: ${apart}`,
    )
    t.equal((ticks.at(-1)?.wall ?? 1) % 1000, 0, 'in line with the new time')
  }
})

t.test('whatever time does, ticks are half an interval apart and never pile up', async () => {
  const event = fc.record({
    late: fc.integer({ min: -2, max: 5000 }),
    step: fc.integer({ min: -9e6, max: 9e6 }),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 50 }), events => {
      const { hand, ticks } = record(1_000_000_123)
      for (const { late, step } of events) {
        hand.step(step)
        hand.fire(late)
      }
      return ticks.slice(1).every((tick, i) => tick.monotonic - (ticks[i]?.monotonic ?? 0) >= 500)
    }),
  )
})

t.test('stops', async t => {
  const { hand, stop } = record(0)
  stop()
  t.ok(hand.idle())
})
