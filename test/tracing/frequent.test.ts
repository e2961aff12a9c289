import fc from 'fast-check'
import t from 'tap'
import { frequent } from '../../plugin/tracing/frequent'

const CAPACITY = 8

t.test('never too high, never too low by more than it says, and that is bounded', async () => {
  const stream = fc.array(fc.tuple(fc.oneof(fc.nat(3), fc.nat(200)), fc.integer({ min: 1, max: 50 })), {
    maxLength: 500,
    // Or most streams are so short that nothing has to go.
    size: 'max',
  })
  fc.assert(
    fc.property(stream, all => {
      const kept = frequent(CAPACITY)
      const truth = new Map<string, number>()
      let weight = 0
      for (const [key, more] of all) {
        kept.add(`${key}`, more, () => ({ count: 0 }))
        truth.set(`${key}`, (truth.get(`${key}`) ?? 0) + more)
        weight += more
      }
      const found = new Map([...kept.entries()].map(([key, { count }]) => [key, count]))
      return (
        found.size <= 2 * CAPACITY &&
        kept.missed() <= weight / CAPACITY &&
        [...truth].every(([key, count]) => {
          const seen = found.get(key) ?? 0
          return seen <= count && seen >= count - kept.missed()
        })
      )
    }),
    { numRuns: 500 },
  )
})

t.test('exact while the keys are few; an entry keeps what is noted in it', async t => {
  const kept = frequent<{ count: number; note: string }>(2)
  const add = (key: string, weight: number, note: string): void => {
    kept.add(key, weight, () => ({ count: 0, note: '' })).note += note
  }
  add('a', 1, 'x')
  add('b', 1, 'y')
  add('a', 2, 'z')
  t.strictSame(
    [...kept.entries()],
    [
      ['a', { count: 3, note: 'xz' }],
      ['b', { count: 1, note: 'y' }],
    ],
  )
  t.equal(kept.missed(), 0)
})
