import t from 'tap'
import type { Stage } from '../../explain/explanation'
import { type Counted, findings, inOneSentence } from '../../explain/findings'

// What a whole capture is said to show, from counts made by hand.

const NONE: Counted = {
  resets: 0,
  connections: 0,
  onlyResets: false,
  resetPackets: 0,
  byStage: [],
  bySender: {
    'peer-likely': 0,
    'peer-possible': 0,
    unknown: 0,
    contradictory: 0,
    'somebody-else-possible': 0,
    'somebody-else': 0,
  },
  vain: 0,
  callers: [],
  servers: [],
  idles: [],
}
const SERVER = {
  endpoint: { address: '2001:db8::5', port: 5432 },
  resets: 0,
  clients: 1,
  refused: 0,
  afterHandshake: 0,
  givenUp: 0,
  hasAnswered: false,
}
const CALLER = { address: '10.0.0.9', resets: 940, targets: 940, ports: new Set([1, 2, 3]) }

const texts = (counted: Partial<Counted>): string[] =>
  findings({ ...NONE, ...counted }).map(({ what, text }) => `${what}: ${text}`)

const sentence = (
  stages: Partial<Record<Stage, number>>,
  more: Partial<Counted> = {},
  copies = 0,
): string => {
  const byStage = Object.entries(stages).map(([stage, resets]) => ({
    stage: stage as Stage,
    resets,
    connections: resets,
  }))
  const resets = byStage.reduce((sum, row) => sum + (row.stage === 'copy' ? 0 : row.resets), 0)
  const counted = { ...NONE, byStage, resets, connections: resets, resetPackets: resets + copies, ...more }
  return inOneSentence(counted, findings(counted), copies)
}

t.test('one sentence on when they came', async t => {
  t.equal(sentence({}), 'There are no TCP resets in this capture.')
  t.equal(sentence({ copy: 2 }, {}, 2), 'All resets in it are copies.')
  t.equal(sentence({}, { resetPackets: 7 }), 'None of the 7 TCP resets in this capture is of that kind.')
  t.equal(sentence({ abrupt: 1 }), '1 reset, in mid-stream.')
  t.equal(
    sentence({ closing: 41, copy: 3 }, { connections: 34 }, 3),
    '41 resets on 34 connections: all at the end (after a FIN).',
  )
  t.equal(
    sentence({ abrupt: 40, refused: 1180, idle: 2, closing: 3 }),
    '1,225 resets on 1,225 connections: 1,180 right after the SYN (refused), 40 in mid-stream, 3 at the end (after a FIN) and 2 at other times.',
  )
  t.match(
    sentence({ idle: 3 }, { idles: [45, 300, 300.5] }),
    /^3 resets on 3 connections: all after a silence\./,
  )
  t.match(sentence({ idle: 3 }, { idles: [300, 300.5] }), /: all after a silence\./, 'of one it is not known')
  t.match(
    sentence({ idle: 2, abrupt: 1 }, { idles: [300.4, 301] }),
    /: 2 after about 300 s of silence and 1 in mid-stream\. 2 connections ended after about 300 s/,
  )
  t.equal(sentence({ idle: 1 }, { idles: [75.1] }), '1 reset, after about 75 s of silence.')
  t.match(
    sentence({ 'only-reset': 3 }, { onlyResets: true }),
    /no other TCP packet, .* a guess from the flags\.$/,
  )
})

t.test('a service that is down, with the sentence on when', async t => {
  const servers = [{ ...SERVER, refused: 1180, clients: 38 }]
  t.equal(
    sentence({ refused: 1180 }, { servers }),
    '1,180 resets on 1,180 connections: all right after the SYN (refused). [2001:db8::5]:5432 refused every one of the 1,180 connections that 38 hosts asked for: nobody listens there, or a firewall says so in its place.',
  )
  t.same(texts({ servers: [{ ...SERVER, refused: 1180, hasAnswered: true }] }), [], 'it answers others')
  t.same(texts({ servers: [{ ...SERVER, refused: 2 }] }), [], 'two are no pattern')
})

t.test('a port scan, a scan for one port, and who only asks again and again', async t => {
  t.same(texts({ callers: [CALLER], vain: 950 }), [
    'port-scan: One host, 10.0.0.9, asked for 940 different address:port pairs: a port scan. It made nearly all of the 950 connects that were refused or cancelled.',
  ])
  t.same(texts({ callers: [{ ...CALLER, ports: new Set([22]) }], vain: 2000 }), [
    'port-scan: One host, 10.0.0.9, asked 940 different addresses for port 22: a scan of the network, or those servers are down. It made 940 of the 2,000 connects that were refused or cancelled.',
  ])
  t.same(texts({ callers: [{ ...CALLER, targets: 25 }], vain: 940 }), [], 'a proxy whose 25 servers are down')
  t.same(texts({ callers: [{ ...CALLER, resets: 19, targets: 19 }], vain: 19 }), [])
})

t.test('a box that cuts idle connections', async t => {
  t.same(texts({ idles: [300.2, 301, 300, 45] }), [
    'idle-cut: 3 connections ended after about 300 s of silence each: something on the path, or one of the ends, cuts connections that are idle for that long.',
  ])
  t.same(texts({ idles: [300, 45] }), [], 'silences of different lengths')
})

t.test('a full queue, a SYN flood, a sender in doubt', async t => {
  t.match(texts({ servers: [{ ...SERVER, afterHandshake: 3 }] }), [
    /^full-queue: \[2001:db8::5\]:5432 reset 3 connections right after the handshake/,
  ])
  t.match(texts({ servers: [{ ...SERVER, givenUp: 900, clients: 850, resets: 1000 }] }), [
    /^syn-flood: 900 handshakes/,
  ])
  t.same(
    texts({ servers: [{ ...SERVER, givenUp: 900, clients: 2, resets: 1000 }] }),
    [],
    'two hosts are no flood',
  )
  t.match(texts({ bySender: { ...NONE.bySender, 'somebody-else': 1, 'peer-likely': 9 } }), [
    /^somebody-else: On 1 connection, the reset was probably not sent by the side it names/,
  ])
  t.match(texts({ bySender: { ...NONE.bySender, 'somebody-else': 2, 'somebody-else-possible': 3 } }), [
    /^somebody-else: On 5 connections, the reset was probably \(2\) or perhaps \(3\) not sent/,
  ])
})
