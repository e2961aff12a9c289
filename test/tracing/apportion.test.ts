import fc from 'fast-check'
import t from 'tap'
import { apportion } from '../../plugin/tracing/apportion'

t.test('whole parts, in proportion', async t => {
  const cases: Record<string, [number, [string, number][], [string, number][]]> = {
    'all read': [
      3,
      [
        ['a', 1],
        ['b', 2],
      ],
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    'a hundred times': [
      300,
      [
        ['a', 1],
        ['b', 2],
      ],
      [
        ['a', 100],
        ['b', 200],
      ],
    ],
    'the rest to the largest remainder': [
      10,
      [
        ['a', 1],
        ['b', 2],
      ],
      [
        ['a', 3],
        ['b', 7],
      ],
    ],
    nothing: [
      0,
      [
        ['a', 1],
        ['b', 2],
      ],
      [
        ['a', 0],
        ['b', 0],
      ],
    ],
    one: [7, [['a', 3]], [['a', 7]]],
  }
  for (const [name, [total, shares, expected]] of Object.entries(cases)) {
    t.strictSame([...apportion(total, new Map(shares))].sort(), expected, name)
  }
})

t.test('the parts always add up, and none is a whole one off', async () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 50 }),
      (total, shares) => {
        const parts = [...apportion(total, new Map(shares.map((share, key) => [key, share])))]
        const sum = shares.reduce((all, share) => all + share)
        return (
          parts.reduce((all, [, part]) => all + part, 0) === total &&
          parts.every(([key, part]) => Math.abs(part - (total * (shares[key] ?? 0)) / sum) < 1.001)
        )
      },
    ),
  )
})
