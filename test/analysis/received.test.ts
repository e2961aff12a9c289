import fc from 'fast-check'
import t from 'tap'
import { estimateReceived, receivedCounter } from '../../plugin/analysis/received'
import type { LinuxCounter } from '../../plugin/sources/linux'

type Counters = Record<LinuxCounter, bigint>

const zero: Counters = {
  AttemptFails: 0n,
  EstabResets: 0n,
  OutRsts: 0n,
  TCPAbortOnClose: 0n,
  TCPAbortOnData: 0n,
  TCPAbortOnLinger: 0n,
  TCPAbortOnMemory: 0n,
  TCPAbortOnTimeout: 0n,
}
const names = Object.keys(zero) as LinuxCounter[]

t.test('what each event counts as', async t => {
  const cases: Record<string, [Partial<Counters>, bigint]> = {
    nothing: [{}, 0n],
    'refused connects': [{ AttemptFails: 3n }, 3n],
    'peers abort': [{ EstabResets: 2n }, 2n],
    'own abort by linger': [{ EstabResets: 1n, TCPAbortOnData: 1n, OutRsts: 1n }, 0n],
    'own abort with unread data': [{ EstabResets: 1n, TCPAbortOnClose: 1n, OutRsts: 1n }, 0n],
    'connect timeout': [{ AttemptFails: 1n, TCPAbortOnTimeout: 1n }, 0n],
    'user timeout': [{ EstabResets: 1n, TCPAbortOnTimeout: 1n }, 0n],
    'resets sent only': [{ OutRsts: 9n }, 0n],
    'own abort of a closing connection': [{ TCPAbortOnData: 1n, OutRsts: 1n }, 0n],
    mixed: [{ AttemptFails: 5n, TCPAbortOnTimeout: 3n, EstabResets: 4n, TCPAbortOnMemory: 1n }, 5n],
  }
  for (const [name, [rise, expected]] of Object.entries(cases)) {
    t.equal(estimateReceived(zero, { ...zero, ...rise }), expected, name)
  }
})

t.test('counters that start anew count nothing', async t => {
  t.equal(estimateReceived({ ...zero, EstabResets: 5n }, { ...zero, AttemptFails: 9n }), 0n)
})

t.test('adds up, and a gap is accounted for by the next complete reading', async t => {
  const received = receivedCounter()
  t.equal(received({ ...zero, AttemptFails: 100n }), 0n, 'starts at 0 whatever was before')
  t.equal(received({ ...zero, AttemptFails: 102n }), 2n)
  t.equal(received({ OutRsts: 1n, AttemptFails: 103n }), undefined)
  t.equal(received({}), undefined)
  t.equal(received({ ...zero, AttemptFails: 107n }), 7n)
  t.equal(received(zero), 7n)
})

t.test('never goes down, whatever the counters do', async () => {
  const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
  const readings = fc.array(
    fc.record(Object.fromEntries(names.map(name => [name, u64])), { requiredKeys: [] }),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(readings, all => {
      const received = receivedCounter()
      let last = 0n
      return all.every(counters => {
        const value = received(counters)
        if (value === undefined) return true
        const rose = value >= last
        last = value
        return rose
      })
    }),
  )
})
