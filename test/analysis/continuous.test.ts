import fc from 'fast-check'
import t from 'tap'
import { continuous, rise, sum } from '../../plugin/analysis/continuous'

type Counters = Partial<Record<'a' | 'b', bigint>>

t.test('goes on where the counters start anew', async t => {
  const cases: Record<string, [Counters[], Counters[]]> = {
    'as they are': [
      [
        { a: 5n, b: 7n },
        { a: 6n, b: 7n },
      ],
      [
        { a: 5n, b: 7n },
        { a: 6n, b: 7n },
      ],
    ],
    'one falls: all are new': [
      [
        { a: 5n, b: 7n },
        { a: 1n, b: 8n },
        { a: 2n, b: 9n },
      ],
      [
        { a: 5n, b: 7n },
        { a: 6n, b: 15n },
        { a: 7n, b: 16n },
      ],
    ],
    'more than once': [
      [{ a: 5n }, { a: 0n }, { a: 3n }, { a: 1n }],
      [{ a: 5n }, { a: 5n }, { a: 8n }, { a: 9n }],
    ],
    'absent for a while is not anew': [
      [{ a: 5n, b: 7n }, { a: 6n }, {}, { a: 6n, b: 8n }],
      [{ a: 5n, b: 7n }, { a: 6n }, {}, { a: 6n, b: 8n }],
    ],
    'anew while it was absent': [
      [{ a: 5n, b: 7n }, {}, { a: 1n, b: 2n }],
      [{ a: 5n, b: 7n }, {}, { a: 6n, b: 9n }],
    ],
    'never absent to 0': [
      [{}, { a: 1n }],
      [{}, { a: 1n }],
    ],
  }
  for (const [name, [readings, expected]] of Object.entries(cases)) {
    const next = continuous<'a' | 'b'>()
    t.strictSame(
      readings.map(reading => next(reading)),
      expected,
      name,
    )
  }
})

t.test('another namespace that is already above the one before', async t => {
  const next = continuous<'a' | 'b'>()
  next({ a: 5n, b: 1n })
  t.strictSame(next({ a: 5n, b: 2n }, true), { a: 10n, b: 3n }, 'counts from 0, not from there')
  t.strictSame(next({ a: 6n, b: 2n }), { a: 11n, b: 3n })
})

t.test('a counter of 32 bits that ran over is that counter’s alone', async t => {
  const next = continuous<'a' | 'b'>()
  const full = 2n ** 32n - 1n
  t.strictSame(next({ a: full - 1n, b: 900_000n }), { a: full - 1n, b: 900_000n })
  t.strictSame(next({ a: 2n, b: 900_001n }), { a: full + 3n, b: 900_001n })
  t.strictSame(next({ a: 5n, b: 900_001n }), { a: full + 6n, b: 900_001n })
  t.strictSame(next({ a: full, b: 900_002n }), { a: full * 2n + 1n, b: 900_002n })
  t.strictSame(next({ a: 0n, b: 900_003n }), { a: full * 2n + 2n, b: 900_003n }, 'again')
})

t.test('a new namespace is told by its identity, also where a counter was nearly full', async t => {
  const next = continuous<'a' | 'b'>()
  next({ a: 2n ** 32n - 1n, b: 7n })
  t.strictSame(next({ a: 3n, b: 1n }, true), { a: 2n ** 32n + 2n, b: 8n })
})

t.test('never falls', async () => {
  const counter = fc.bigInt({ min: 0n, max: 10n })
  fc.assert(
    fc.property(fc.array(fc.record({ a: counter, b: counter }), { maxLength: 20 }), readings => {
      const next = continuous<'a' | 'b'>()
      let before: Counters = { a: 0n, b: 0n }
      return readings.every(reading => {
        const now = next(reading)
        const rises = Object.values(rise(before, now)).every(value => value >= 0n)
        before = now
        return rises
      })
    }),
  )
})

t.test('sums and rises', async t => {
  t.strictSame(sum<'a' | 'b'>({ a: 1n }, { a: 2n, b: 3n }), { a: 3n, b: 3n })
  t.strictSame(
    rise<'a' | 'b'>({ a: 1n }, { a: 3n, b: 3n }),
    { a: 2n, b: 0n },
    'nothing to compare with: no rise',
  )
})
