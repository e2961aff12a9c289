import fc from 'fast-check'
import t from 'tap'
import { type Roster, roster } from '../../plugin/namespaces/roster'

const SECOND = 1000
const MINUTE = 60 * SECOND

const places = (seats: Roster, names: string): string =>
  [...names].map(name => ({ own: 'o', sum: 's', none: '-' })[seats.placeOf(name) ?? 'none']).join('')

function filled(max: number, names: string): Roster {
  const seats = roster(max)
  for (const name of names) seats.enter(name)
  return seats
}

t.test('as many as there is room for, the rest is summed', async t => {
  t.equal(places(filled(3, 'abcde'), 'abcdef'), 'oooss-')
  t.equal(places(filled(0, 'ab'), 'ab'), 'ss')
})

t.test('one that is gone keeps its chart for a minute, and then it is obsolete, once', async t => {
  const seats = filled(2, 'ab')
  seats.leave('a', 5 * SECOND)
  seats.leave('a', 30 * SECOND)
  t.strictSame(seats.settle(5 * SECOND), [])
  t.strictSame(seats.settle(5 * SECOND + MINUTE - 1), [])
  t.equal(places(seats, 'ab'), 'oo')
  t.strictSame(seats.settle(5 * SECOND + MINUTE), ['a'])
  t.strictSame(seats.settle(5 * SECOND + 2 * MINUTE), [])
  t.equal(places(seats, 'ab'), '-o')
})

t.test('one that returns within the minute goes on, one that returns later begins again', async t => {
  const seats = filled(2, 'ab')
  seats.leave('a', 0)
  t.strictSame(seats.settle(MINUTE / 2), [])
  seats.enter('a')
  t.strictSame(seats.settle(10 * MINUTE), [])
  seats.leave('a', 10 * MINUTE)
  t.strictSame(seats.settle(11 * MINUTE), ['a'])
  seats.enter('a')
  t.equal(places(seats, 'ab'), 'oo')
  t.strictSame(seats.settle(30 * MINUTE), [])
})

t.test('a summed one that is gone is forgotten at once', async t => {
  const seats = filled(1, 'ab')
  seats.leave('b', 0)
  t.equal(places(seats, 'ab'), 'o-')
})

t.test(
  'the chart of one that is gone counts until it is obsolete, then the busiest gets the room',
  async t => {
    const seats = filled(2, 'abcd')
    seats.count('d', 3n)
    seats.leave('a', 0)
    seats.settle(0)
    t.equal(places(seats, 'abcd'), 'ooss', 'never more charts than the maximum')
    t.strictSame(seats.settle(MINUTE), ['a'])
    t.equal(places(seats, 'abcd'), '-oso')
  },
)

t.test('once a minute the busiest get the charts of the quietest', async t => {
  const seats = filled(2, 'abcd')
  seats.settle(0)
  seats.count('a', 10n)
  seats.count('b', 4n)
  seats.count('c', 9n)
  t.strictSame(seats.settle(MINUTE - 1), [])
  t.equal(places(seats, 'abcd'), 'ooss')
  t.strictSame(seats.settle(MINUTE), ['b'])
  t.equal(places(seats, 'abcd'), 'osos')
})

t.test('not for a small difference', async t => {
  const seats = filled(1, 'ab')
  seats.settle(0)
  seats.count('a', 100n)
  seats.count('b', 200n)
  t.strictSame(seats.settle(MINUTE), [], 'twice as busy is not enough')
})

t.test('what was long ago fades', async t => {
  const seats = filled(1, 'ab')
  seats.settle(0)
  seats.count('a', 100n)
  seats.count('b', 100n)
  seats.settle(MINUTE)
  let minutes = 1
  for (; seats.placeOf('a') === 'own'; minutes++) {
    seats.count('b', 10n)
    seats.settle((minutes + 1) * MINUTE)
    if (minutes > 20) break
  }
  t.ok(minutes > 1 && minutes < 8, `the burst of a long ago does not count for ever: ${minutes} minutes`)
})

t.test(
  'whatever comes and goes: never more charts than the maximum, nor any that is left behind',
  async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const step = fc.oneof(
      fc.record({ act: fc.constant('enter' as const), name }),
      fc.record({ act: fc.constant('leave' as const), name }),
      fc.record({ act: fc.constant('count' as const), name }),
      fc.record({ act: fc.constant('wait' as const), name }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const seats = roster(max)
        const charts = new Set<string>()
        let now = 0
        for (const { act, name } of steps) {
          now += act === 'wait' ? MINUTE / 2 : SECOND
          if (act === 'enter') seats.enter(name)
          if (act === 'leave') seats.leave(name, now)
          if (act === 'count') seats.count(name, 7n)
          for (const retired of seats.settle(now)) {
            if (!charts.delete(retired)) return false
          }
          for (const one of 'abcde') if (seats.placeOf(one) === 'own') charts.add(one)
          if (charts.size > max) return false
        }
        for (const one of 'abcde') seats.leave(one, now)
        seats.settle(now).map(retired => charts.delete(retired))
        seats.settle(now + MINUTE).map(retired => charts.delete(retired))
        return [...charts].length === 0 && [...'abcde'].every(one => seats.placeOf(one) === undefined)
      }),
      { numRuns: 1000 },
    )
  },
)
