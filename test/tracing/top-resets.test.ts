import fc from 'fast-check'
import t from 'tap'
import type { ResetEvent } from '../../plugin/tracing/event'
import { stageOf } from '../../plugin/tracing/stage'
import { type TopReset, topResets, UNKNOWN_PEER } from '../../plugin/tracing/top-resets'

const sent = (localPort: number, peer?: string): ResetEvent => ({
  direction: 'sent',
  reason: 'NO_SOCKET',
  state: 'UNKNOWN',
  family: 'IPv4',
  localPort,
  ...(peer !== undefined && { peer }),
})

/** Port, peer and count of each row: what differs in these tests. */
const brief = (rows: readonly TopReset[]) =>
  rows.map(({ localPort, peer, count }) => [localPort ?? '*', peer ?? '*', Math.round(count)])

const total = (rows: readonly TopReset[]): number => rows.reduce((sum, { count }) => sum + count, 0)

t.test('a quiet day: every peer and port by itself', async t => {
  const top = topResets()
  for (const [port, peer, count] of [
    [80, '192.0.2.1', 3],
    [443, '192.0.2.1', 2],
    [80, '192.0.2.2', 1],
  ] as const) {
    for (let i = 0; i < count; i++) top.add(sent(port, peer), 1, 1000)
  }
  t.strictSame(brief(top.rows(1000)), [
    [80, '192.0.2.1', 3],
    [443, '192.0.2.1', 2],
    [80, '192.0.2.2', 1],
  ])
  t.equal(top.error(), 0)
})

t.test('the rows add up to the resets, whoever and wherever they were', async () => {
  const event = fc.record({
    port: fc.oneof(fc.constantFrom(22, 80, 443), fc.integer({ min: 1024, max: 5000 })),
    peer: fc.oneof(
      fc.constantFrom('192.0.2.1', '192.0.2.2'),
      fc.nat(3000).map(n => `10.0.${n >> 8}.${n & 255}`),
    ),
  })
  fc.assert(
    fc.property(fc.array(event, { minLength: 2000, maxLength: 6000, size: 'max' }), events => {
      const top = topResets()
      for (const { port, peer } of events) top.add(sent(port, peer), 1, 1000)
      return Math.abs(total(top.rows(1000)) - events.length) < 1
    }),
    { numRuns: 10 },
  )
})

t.test('what differs among the resets of a row is not told', async t => {
  const top = topResets()
  top.add(sent(80, '192.0.2.1'), 1, 1000)
  top.add({ ...sent(80, '192.0.2.1'), family: 'IPv6' }, 1, 1000)
  t.strictSame(
    top.rows(1000).map(({ family }) => family),
    [undefined],
  )
})

t.test('a scan of every port is one row, and the neighbours keep theirs', async t => {
  const top = topResets()
  for (let i = 0; i < 50; i++) top.add(sent(443, '192.0.2.2'), 1, 1000)
  for (let port = 1; port < 65_536; port++) top.add(sent(port, '192.0.2.1'), 1, 1000)
  const rows = top.rows(1000)
  t.strictSame(brief(rows.slice(0, 1)), [['*', '192.0.2.1', 65_535]])
  t.ok(top.error() <= 65_585 / 1024, `error ${top.error()}`)
  t.ok(rows.length <= 555)
  t.ok(Math.abs(total(rows) - 65_585) < 1)
})

t.test('a flood from a million addresses is the row of its port, in bounded memory', async t => {
  const top = topResets()
  const flood = (from: number, to: number) => {
    for (let i = from; i < to; i++) top.add(sent(443, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), 1, 1000)
  }
  for (let i = 0; i < 5000; i++) top.add(sent(22, '192.0.2.9'), 1, 1000)
  flood(0, 100_000)
  global.gc?.()
  const before = process.memoryUsage().heapUsed
  flood(100_000, 1_000_000)
  global.gc?.()
  const grown = process.memoryUsage().heapUsed - before
  const rows = top.rows(1000)
  t.match(brief(rows)[0], [443, '*'])
  t.ok((rows[0]?.count ?? 0) > 990_000)
  const other = brief(rows).find(([port, peer]) => port === 22 && peer === '192.0.2.9')
  t.ok(Number(other?.[2]) >= 5000 - top.error(), 'who is frequent is still there')
  t.ok(Math.abs(total(rows) - 1_005_000) < 1, 'nothing is lost, nothing twice')
  if (global.gc !== undefined) t.ok(grown < 5e6, `${grown} bytes more`)
})

t.test('the rows add up to what happened, whatever it was', async () => {
  const events = fc.array(
    fc.record({
      direction: fc.constantFrom('sent' as const, 'received' as const),
      reason: fc.constantFrom('NO_SOCKET', 'TCP_STATE'),
      state: fc.constantFrom('UNKNOWN', 'TCP_CLOSE'),
      localPort: fc.oneof(fc.nat(3), fc.nat(65_535)),
      peer: fc.oneof(fc.constantFrom('a', 'b'), fc.ipV4()),
    }),
    { maxLength: 300 },
  )
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 100 }), (all, weight) => {
      const top = topResets()
      for (const event of all) top.add(event, weight, 0)
      const rows = top.rows(0)
      return (
        Math.abs(total(rows) - all.length * weight) < 0.01 * all.length + 1 &&
        rows.every(({ count }, i) => count <= (rows[i - 1]?.count ?? Number.POSITIVE_INFINITY)) &&
        new Set(
          rows.map(row => JSON.stringify([row.direction, row.reason, row.stage, row.localPort, row.peer])),
        ).size === rows.length
      )
    }),
    { numRuns: 300 },
  )
})

t.test('what differs between the resets of a row is left out', async t => {
  const top = topResets()
  const active = { ...sent(80, '192.0.2.1'), localAddress: '192.0.2.9', peerPort: 1024, task: 'nginx' }
  top.add(active, 1, 1000)
  t.match(top.rows(1000)[0], { localAddress: '192.0.2.9', peerPort: 1024, task: 'nginx', family: 'IPv4' })
  top.add({ ...active, peerPort: 1025 }, 1, 1000)
  const [row] = top.rows(1000)
  t.match(row, { localAddress: '192.0.2.9', task: 'nginx' })
  t.equal(row?.peerPort, undefined)
})

t.test('the process is the one that sent at least half, whoever was the last', async t => {
  const task = (...sentBy: [task: string | undefined, count: number][]): string | undefined => {
    const top = topResets()
    for (const [task, count] of sentBy)
      for (let i = 0; i < count; i++) top.add({ ...sent(80, '192.0.2.1'), task }, 1, 1000)
    return top.rows(1000)[0]?.task
  }
  t.equal(task(['nginx', 999], ['curl', 1]), 'nginx')
  t.equal(task(['curl', 1], ['nginx', 999]), 'nginx')
  t.equal(task(['nginx', 1], [undefined, 999]), undefined, 'most were nobody’s')
  t.equal(task([undefined, 1], ['nginx', 999]), 'nginx')
  t.equal(task(['a', 300], ['b', 400], ['c', 300]), undefined, 'nobody sent half')
})

t.test('a process that aborts connections from many ports', async t => {
  const top = topResets()
  for (let port = 40_000; port < 40_020; port++)
    top.add({ ...sent(port, '192.0.2.1'), task: 'curl' }, 1, 1000)
  t.match(top.rows(1000), [{ localPort: undefined, peer: '192.0.2.1', task: 'curl', count: 20 }])
})

t.test('what a row leaves over is not taken for its process’s', async t => {
  const top = topResets()
  for (let i = 0; i < 999; i++) top.add({ ...sent(80, '192.0.2.1'), task: 'nginx' }, 1, 1000)
  for (let port = 40_000; port < 40_020; port++)
    top.add({ ...sent(port, '192.0.2.1'), task: 'curl' }, 1, 1000)
  const seen = top.rows(1000).map(({ localPort, count, task }) => [localPort, count, task])
  t.strictSame(seen, [
    [80, 999, 'nginx'],
    [undefined, 20, undefined],
  ])
})

t.test('each container has rows of its own, and what was ignored has', async t => {
  const top = topResets()
  top.add(sent(80, '192.0.2.1'), 1, 1000, 'host')
  top.add(sent(80, '192.0.2.1'), 2, 1000, 'web')
  top.add({ ...sent(80, '192.0.2.1'), ignored: true }, 4, 1000, 'web')
  t.strictSame(
    top.rows(1000).map(({ container, ignored, count }) => [container, ignored, count]),
    [
      ['web', true, 4],
      ['web', undefined, 2],
      ['host', undefined, 1],
    ],
  )
})

t.test('no peer told, and received ones', async t => {
  const top = topResets()
  top.add(sent(80), 1, 0)
  top.add({ direction: 'received', localPort: 5000, peer: '192.0.2.1' }, 1, 0)
  t.match(
    new Set(top.rows(0).map(({ peer, stage, direction }) => `${peer} ${stage} ${direction}`)),
    new Set([`${UNKNOWN_PEER} no connection sent`, '192.0.2.1 unknown received']),
  )
})

t.test('the rate follows, and fades', async t => {
  const top = topResets()
  for (let second = 0; second < 120; second++) top.add(sent(80, 'a'), 50, second * 1000)
  const rate = (now: number) => top.rows(now)[0]?.rate ?? 0
  t.ok(Math.abs(rate(119_000) - 50) < 5, `${rate(119_000)}`)
  t.ok(rate(149_000) < 5)
  t.equal(top.rows(149_000)[0]?.count, 6000, 'the count stays')
  t.equal(top.rows(149_000)[0]?.lastSeen, 119_000)
})

t.test('what is older than half an hour is forgotten', async t => {
  const top = topResets()
  const minute = 60_000
  top.add(sent(80, 'a'), 7, 0)
  top.add(sent(80, 'b'), 1, 16 * minute)
  t.strictSame(brief(top.rows(16 * minute)), [
    [80, 'a', 7],
    [80, 'b', 1],
  ])
  t.strictSame(brief(top.rows(32 * minute)), [[80, 'b', 1]])
  t.strictSame(top.rows(120 * minute), [])
})

t.test('stages', async t => {
  for (const [state, stage] of [
    ['UNKNOWN', 'no connection'],
    ['TCP_LISTEN', 'listening'],
    ['TCP_NEW_SYN_RECV', 'opening'],
    ['TCP_ESTABLISHED', 'open'],
    ['TCP_LAST_ACK', 'closing'],
    ['TCP_CLOSE', 'closed'],
    ['UNKNOWN_99', 'unknown'],
    ['constructor', 'unknown'],
    [undefined, 'unknown'],
  ] as const) {
    t.equal(stageOf(state), stage, state ?? 'none')
  }
})
