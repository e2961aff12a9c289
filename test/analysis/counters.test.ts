import t from 'tap'
import { riseFollower, riseOf } from '../../plugin/analysis/counters'

t.test('how far a counter rose', async t => {
  const full = 2n ** 32n - 1n
  const cases: Record<string, [bigint, bigint, bigint | undefined]> = {
    'it stood': [5n, 5n, 0n],
    'it rose': [5n, 8n, 3n],
    'above 32 bits': [full, full + 9n, 9n],
    'it ran over': [full, 0n, 1n],
    'it ran over some time ago': [full - 9n, 20n, 30n],
    'it started anew': [5n, 4n, undefined],
    'anew, from half of 32 bits': [2n ** 31n, 0n, undefined],
    'anew, from above 32 bits': [full + 1n, 0n, undefined],
  }
  for (const [name, [before, now, rise]] of Object.entries(cases)) t.equal(riseOf(before, now), rise, name)
})

t.test('one that runs over takes nothing from the others', async t => {
  const rises = riseFollower(['OutRsts', 'TCPTimeouts'])
  rises({ OutRsts: 4n, TCPTimeouts: 2n ** 32n - 1n })
  t.strictSame(rises({ OutRsts: 7n, TCPTimeouts: 1n }), { OutRsts: 3n, TCPTimeouts: 2n })
})
