import fc from 'fast-check'
import t from 'tap'
import type { Counters } from '../../plugin/analysis/counters'
import { estimateReceived, receivedCounter } from '../../plugin/analysis/received'

const none = {
  AttemptFails: 0n,
  EstabResets: 0n,
  TCPAbortOnClose: 0n,
  TCPAbortOnData: 0n,
  TCPAbortOnTimeout: 0n,
  TCPChallengeACK: 0n,
  TCPSYNChallenge: 0n,
}

t.test('what each event counts as', async t => {
  const cases: Record<string, [Partial<typeof none>, bigint]> = {
    nothing: [{}, 0n],
    'refused connects': [{ AttemptFails: 3n }, 3n],
    'peers abort': [{ EstabResets: 2n }, 2n],
    'own abort by linger': [{ EstabResets: 1n, TCPAbortOnData: 1n }, 0n],
    'own abort with unread data': [{ EstabResets: 1n, TCPAbortOnClose: 1n }, 0n],
    'connect timeout': [{ AttemptFails: 1n, TCPAbortOnTimeout: 1n }, 0n],
    'user timeout': [{ EstabResets: 1n, TCPAbortOnTimeout: 1n }, 0n],
    'own abort of a closing connection': [{ TCPAbortOnData: 1n }, 0n],
    'own aborts hide no refused connect': [{ TCPAbortOnData: 9n, AttemptFails: 2n }, 2n],
    'a reset that was challenged': [{ TCPChallengeACK: 1n }, 1n],
    'a SYN that was challenged': [{ TCPChallengeACK: 1n, TCPSYNChallenge: 1n }, 0n],
    'challenged SYNs beyond the rate limit': [
      { TCPChallengeACK: 1n, TCPSYNChallenge: 7n, EstabResets: 1n },
      1n,
    ],
    mixed: [{ AttemptFails: 5n, TCPAbortOnTimeout: 3n, EstabResets: 4n, TCPAbortOnClose: 1n }, 5n],
  }
  for (const [name, [rise, expected]] of Object.entries(cases)) {
    t.equal(estimateReceived({ ...none, ...rise }), expected, name)
  }
})

t.test('adds up, and a gap is accounted for by the next complete reading', async t => {
  const received = receivedCounter()
  t.equal(received({ ...none, AttemptFails: 100n }), 0n, 'starts at 0 whatever was before')
  t.equal(received({ ...none, AttemptFails: 102n }), 2n)
  t.equal(received({ OutRsts: 1n, AttemptFails: 103n }), undefined)
  t.equal(received({}), undefined)
  t.equal(received({ ...none, AttemptFails: 107n }), 7n)
  t.equal(received({ ...none, EstabResets: 9n }), 7n, 'one counter started anew: nothing can be said')
  t.equal(received({ ...none, EstabResets: 10n }), 8n)
  t.equal(received({ ...none, AttemptFails: 3n, EstabResets: 10n }), 11n)
  t.equal(received({ ...none, AttemptFails: 1n, EstabResets: 15n }), 11n, 'nor of one that rose meanwhile')
})

t.test('never goes down, whatever the counters do', async () => {
  const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
  const reading = fc.record(Object.fromEntries(Object.keys(none).map(name => [name, u64])), {
    requiredKeys: [],
  })
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 20 }), all => {
      const received = receivedCounter()
      let last = 0n
      return all.every(counters => {
        const value = received(counters as Counters)
        if (value === undefined) return true
        const rose = value >= last
        last = value
        return rose
      })
    }),
  )
})

t.test('what is counted takes the place of the estimate, and gives it back, without a step', async t => {
  const received = receivedCounter()
  const [origin, other] = [{}, {}]
  const counted = (count: bigint, of = origin) => ({ origin: of, count, isShare: false })
  t.equal(received({ ...none, AttemptFails: 5n }), 0n)
  t.equal(received({ ...none, AttemptFails: 7n }, counted(90n)), 2n, 'what came before the count began')
  t.equal(received({ ...none, AttemptFails: 9n }, counted(95n)), 7n, 'the count: the estimate would be 2')
  t.equal(received({ ...none, AttemptFails: 19n }, counted(95n)), 7n, 'nor does it count what is none')
  t.equal(received({}, counted(96n)), 8n, 'it needs no counters')
  t.equal(received({ ...none, AttemptFails: 22n }), 11n, 'the estimate, of what is new')
  t.equal(received({ ...none, AttemptFails: 23n }, counted(1000n, other)), 12n, 'another grant')
  t.equal(received({ ...none, AttemptFails: 23n }, counted(1001n, other)), 13n)
  t.equal(received({ ...none, AttemptFails: 25n }, counted(5n)), 15n, 'another namespace: no comparing')
})
