import fc from 'fast-check'
import t from 'tap'
import { CAUSES, causesCounter, splitCauses } from '../../plugin/analysis/causes'

const none = {
  AttemptFails: 0n,
  EmbryonicRsts: 0n,
  ListenOverflows: 0n,
  OutRsts: 0n,
  SyncookiesFailed: 0n,
  TCPAbortFailed: 0n,
  TCPAbortOnClose: 0n,
  TCPAbortOnData: 0n,
  TCPAbortOnLinger: 0n,
  TCPAbortOnMemory: 0n,
  TCPAbortOnTimeout: 0n,
  TCPTimeouts: 0n,
}

t.test('what each event is put down to', async t => {
  const cases: Record<string, [Partial<typeof none>, Record<string, bigint>]> = {
    nothing: [{}, {}],
    'closed port': [{ OutRsts: 3n }, { other: 3n }],
    'unread data': [{ OutRsts: 1n, TCPAbortOnClose: 1n }, { unread_data: 1n }],
    'linger 0': [{ OutRsts: 1n, TCPAbortOnData: 1n }, { aborted: 1n }],
    'linger 0 while connecting sends none': [{ TCPAbortOnData: 1n }, {}],
    linger2: [{ OutRsts: 1n, TCPAbortOnLinger: 1n }, { aborted: 1n }],
    memory: [
      { OutRsts: 2n, TCPAbortOnMemory: 1n },
      { memory: 1n, other: 1n },
    ],
    keepalive: [{ OutRsts: 1n, TCPAbortOnTimeout: 1n }, { keepalive: 1n }],
    'retransmission timeout beside a closed port': [
      { OutRsts: 1n, TCPAbortOnTimeout: 1n, TCPTimeouts: 1n },
      { other: 1n },
    ],
    'accept queue full with abort': [
      { OutRsts: 1n, ListenOverflows: 1n, EmbryonicRsts: 1n },
      { listen_queue: 1n },
    ],
    'accept queue full without abort': [{ OutRsts: 1n, ListenOverflows: 1n }, { other: 1n }],
    'half-open connection reset by the peer, with a full queue': [
      { OutRsts: 1n, ListenOverflows: 1n, EmbryonicRsts: 1n, AttemptFails: 1n },
      { other: 1n },
    ],
    'bad SYN cookie': [{ OutRsts: 1n, SyncookiesFailed: 1n }, { bad_syncookie: 1n }],
    'one that could not be sent is not counted under its reason too': [
      { OutRsts: 5n, TCPAbortOnClose: 2n, TCPAbortFailed: 1n },
      { not_sent: 1n, unread_data: 1n, other: 3n },
    ],
    'one that could not be sent is taken from one reason, not from each': [
      { OutRsts: 3n, TCPAbortOnClose: 1n, TCPAbortOnData: 1n, TCPAbortFailed: 1n },
      { not_sent: 1n, aborted: 1n, other: 1n },
    ],
    'never more than were sent': [
      { OutRsts: 3n, TCPAbortOnClose: 2n, TCPAbortOnData: 2n, SyncookiesFailed: 4n },
      { unread_data: 2n, aborted: 1n },
    ],
  }
  for (const [name, [rise, expected]] of Object.entries(cases)) {
    const counts = Object.entries(splitCauses({ ...none, ...rise })).filter(([, count]) => count > 0n)
    t.strictSame(Object.fromEntries(counts), expected, name)
  }
})

t.test('the causes add up to the resets sent, whatever the counters do', async () => {
  const small = fc.bigInt({ min: 0n, max: 20n })
  const rises = fc.record(Object.fromEntries(Object.keys(none).map(name => [name, small])))
  fc.assert(
    fc.property(rises, rise => {
      const counts = Object.values(splitCauses(rise as typeof none))
      return counts.every(count => count >= 0n) && counts.reduce((sum, count) => sum + count) === rise.OutRsts
    }),
  )
})

t.test('adds up over readings, with gaps', async t => {
  const causes = causesCounter()
  t.strictSame(causes({ ...none, OutRsts: 50n }), Object.fromEntries(CAUSES.map(cause => [cause, 0n])))
  t.match(causes({ ...none, OutRsts: 52n, TCPAbortOnData: 1n }), { aborted: 1n, other: 1n })
  t.equal(causes({ OutRsts: 60n }), undefined)
  t.match(causes({ ...none, OutRsts: 62n, TCPAbortOnData: 3n }), { aborted: 3n, other: 9n })
})
