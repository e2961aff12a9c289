import t from 'tap'
import { raisedCollector } from '../../plugin/namespaces/raised'

const MINUTE = 60_000

/** A collector with a clock of its own. */
function setUp() {
  const { collect, retire } = raisedCollector(1)
  let now = 0
  return {
    retire,
    /** What the chart says when these are raised, so many minutes later. */
    at(
      minutes: number,
      floods: Readonly<Record<string, number>>,
      bursts: Readonly<Record<string, number>> = {},
    ) {
      now += minutes * MINUTE
      const judged = (raised: 'burst' | 'flood') => (each: [string, number]) => ({
        name: each[0],
        sent: { raised, rate: each[1] },
        received: { raised: undefined, rate: 0 },
      })
      const all = [
        ...Object.entries(floods).map(judged('flood')),
        ...Object.entries(bursts).map(judged('burst')),
        { name: 'quiet', sent: { raised: undefined, rate: 9 }, received: { raised: undefined, rate: 0 } },
      ]
      const text = collect(all, now)
      const [, burst, flood, joined] =
        /SET burst = (\d+)\nSET flood = (\d+)\nSET joined = (\d+)/.exec(text) ?? []
      const label = (name: string) => new RegExp(`CLABEL ${name} '(.*)' 1`).exec(text)?.[1]
      return [Number(burst), Number(flood), Number(joined), label('most'), label('joined')]
    },
  }
}

t.test('how many are raised, and the worst by name', async t => {
  const { at } = setUp()
  t.strictSame(at(0, {}), [0, 0, 0, 'none', 'none'])
  t.strictSame(at(1, { a: 5 }, { b: 60 }), [1, 1, 0, 'b sends 60/s and a sends 5/s', 'none'])
  t.strictSame(
    at(1, { a: 5, b: 6, c: 7, d: 8, e: 9 }),
    [0, 5, 0, 'e sends 9/s and d sends 8/s and c sends 7/s and 2 more', 'none'],
    'what begins within five minutes is of the same cause',
  )
  t.strictSame(at(1, {}), [0, 0, 0, undefined, undefined], 'those that were stay named')
})

t.test('who joins later is told, every ten minutes at most', async t => {
  const { at } = setUp()
  at(0, { a: 5 })
  t.match(at(6, { a: 5, b: 6 }), [0, 2, 1, /./, 'b sends 6/s'])
  t.match(at(0.5, { a: 5, b: 6 }), [0, 2, 1], 'for long enough that an agent sees it')
  t.match(at(1, { a: 5, b: 6 }), [0, 2, 0])
  t.match(at(1, { a: 5, b: 6, c: 7 }), [0, 3, 0])
  t.match(at(1, { a: 5, b: 6, c: 7, d: 8 }), [0, 4, 0])
  t.match(at(7, { a: 5 }), [0, 1, 2, /./, 'd sends 8/s and c sends 7/s'], 'two of the meantime together')
  t.match(at(20, { a: 5, b: 6 }), [0, 2, 0], 'what comes back within half an hour is no news')
  t.match(at(31, { a: 5, b: 6 }), [0, 2, 0], 'after half an hour with none it begins anew')
})

t.test('a burst every few minutes is one episode', async t => {
  const { at } = setUp()
  for (let round = 0; round < 30; round++) {
    t.match(at(2, {}, { a: 200 }), [1, 0, 0])
    t.match(at(0.5, {}), [0, 0, 0])
  }
})

t.test('it can be taken down', async t => {
  const { at, retire } = setUp()
  t.equal(retire(), '')
  at(0, {})
  t.match(retire(), /^CHART ipv4.tcp_reset_raised .* 'obsolete' /)
})
