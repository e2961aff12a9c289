import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { baseOf, baseOfReferrer, hostBase, splitBase } from '../../web/live/address'
import { chartsToShow, readAlarms, readLabels, readNodes, readSeries } from '../../web/live/answers'
import { readRecordings } from '../../web/live/recordings'
import { path, roundAbove, runs } from '../../web/live/scale'
import { fromTo, readOffer, readTop } from '../../web/live/top'
import { amount, details, extent, lastMeasured, span, state, step, summary } from '../../web/live/words'

// The parts of the pages' script that need no browser.

const alarm = { name: 'a', chart: 'ipv4.tcp_resets', status: 'WARNING', units: 'resets/s', silenced: false }

t.test('where the API is', async t => {
  t.equal(baseOf('http:', '/guides/tcp/x.html'), '')
  t.equal(baseOf('https:', '/guides/tcp/'), '')
  t.equal(baseOf('http:', '/guides/tcp'), '')
  t.equal(baseOf('http:', '/host/web%201/guides/tcp/x.html'), '/host/web%201')
  t.equal(baseOf('http:', '/netdata/host/a/guides/tcp/x.html'), '/netdata/host/a')
  t.equal(baseOf('http:', '/elsewhere/x.html'), undefined)
  // An agent takes more than one slash; to a browser //guides is another machine.
  t.equal(baseOf('http:', '//guides/tcp/x.html'), '')
  t.equal(baseOf('http:', '///netdata//guides/tcp/'), '/netdata')
  t.equal(baseOf('file:', '/usr/share/netdata/web/guides/tcp/x.html'), undefined)
  t.same(splitBase('/netdata/host/a'), { root: '/netdata', node: '/host/a' })
  t.same(splitBase('/netdata'), { root: '/netdata', node: '' })
  t.equal(hostBase('/netdata', '../<a>'), '/netdata/host/..%2F%3Ca%3E')
})

t.test('the node whose dashboard the reader comes from', async t => {
  const from = (referrer: string): string | undefined => baseOfReferrer(referrer, 'http://a:19999')
  t.equal(from('http://a:19999/host/web/old/#x'), '/host/web')
  t.equal(from('http://a:19999/netdata/host/web/'), '/netdata/host/web')
  t.equal(from('http://a:19999//host/web/'), '/host/web')
  t.equal(from('http://a:19999/old/'), undefined)
  t.equal(from('http://a:19999.evil.example/host/web/'), undefined)
  t.equal(from(''), undefined)
})

t.test('answers as an agent gives them', async t => {
  const { hostname, now, alarms } = readAlarms({
    hostname: 'h',
    now: 100,
    alarms: {
      'ipv4.tcp_resets.a': { ...alarm, last_status_change: 90, value: 12.5, disabled: true },
      sparse: { name: 'b', chart: 'c', status: 'CLEAR', value: null },
    },
  }) ?? { alarms: [] }
  t.equal(hostname, 'h')
  t.equal(now, 100)
  t.same(alarms, [
    { ...alarm, since: 90, value: 12.5, silenced: true },
    { name: 'b', chart: 'c', status: 'CLEAR', units: '', silenced: false },
  ])
  t.same(
    readSeries(
      {
        labels: ['time', 'received', 'opened', 'sent'],
        data: [
          [3, 1, 9, 2],
          [2, null, 9, 5],
          [1, 0],
        ],
      },
      ['sent', 'received'],
    ),
    {
      times: [1, 2, 3],
      lines: [
        { name: 'sent', values: [null, 5, 2] },
        { name: 'received', values: [0, null, 1] },
      ],
    },
    'oldest first; what is missing is null; other dimensions are left out',
  )
  t.equal(readSeries({ labels: ['time', 'other'], data: [] }, ['sent']), undefined)
  t.same(readLabels({ chart_labels: { namespace: 'web', n: 1 } }), { namespace: 'web' })
  t.same(readNodes({ mirrored_hosts: ['a', 1, 'b'] }), ['a', 'b'])
})

const captured = (name: string): unknown =>
  JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'agents', 'v2.11.0', name), 'utf8'))

t.test('who gets the table of who resets whom', async t => {
  t.equal(readOffer(captured('info-anyone.json'), 'tcp-resets'), 'all')
  t.equal(readOffer(captured('info-signed-in.json'), 'tcp-resets'), 'sign in')
  t.equal(
    readOffer({ version: 'v1.37.1', functions: { 'tcp-resets': { help: '', timeout: 10 } } }, 'tcp-resets'),
    'cloud',
  )
  t.equal(readOffer({ version: 'v1.37.1', functions: {} }, 'tcp-resets'), undefined)
  t.equal(
    readOffer(
      { functions: { 'tcp-resets': { access: ['anonymous-data', 'a right of tomorrow'] } } },
      'tcp-resets',
    ),
    'sign in',
  )
})

t.test('the first rows of the table', async t => {
  const top = readTop(captured('function.json'), 5) ?? []
  t.match(top[0], { localPort: 9, service: 'discard', peer: '127.0.0.1', reason: 'NO_SOCKET' })
  t.ok(
    top.length <= 5 && top.every(({ rate }, index) => rate <= (top[index - 1]?.rate ?? rate)),
    'the busiest first',
  )
  t.equal(readTop(captured('function-refused.json'), 5), undefined)
  const columns = { Peer: { index: 0 }, Container: { index: 1 } }
  const data = [
    ['a', 'host'],
    ['b', 'web'],
    ['c', 'db'],
    ['d', 'not told'],
  ]
  const peers = (containers?: string[]) => readTop({ columns, data }, 5, containers)?.map(({ peer }) => peer)
  t.same(peers(), ['a', 'b', 'c', 'd'])
  t.same(peers(['web']), ['b', 'd'], 'what may be its own too')
  t.same(peers(['web', 'host']), ['a', 'b', 'd'])
  t.same(
    readTop({ columns: { Peer: { index: 1 }, Rate: 3 }, data: [[0, '192.0.2.7'], 'x', []] }, 5)?.length,
    3,
  )
  const row = {
    peer: '192.0.2.7',
    localPort: 443,
    service: 'https',
    process: '',
    reason: '',
    resets: 1,
    rate: 1,
  }
  t.equal(fromTo(row, 'sent'), 'port 443 (https) → 192.0.2.7')
  t.equal(fromTo({ ...row, peerPort: 5432 }, 'received'), '192.0.2.7 port 5432 → port 443 (https)')
  const { localPort, ...many } = { ...row, peer: 'many' }
  t.equal(fromTo(many, 'sent'), 'many ports → many peers')
})

t.test('no answer, however wrong, throws', async t => {
  const jsonish = fc.oneof(
    fc.jsonValue(),
    fc.record({
      hostname: fc.jsonValue(),
      now: fc.jsonValue(),
      alarms: fc.dictionary(fc.string(), fc.jsonValue()),
    }),
    fc.record({
      labels: fc.constantFrom(['time', 'sent'], ['sent'], [1]),
      data: fc.array(fc.array(fc.jsonValue())),
    }),
    fc.record({ chart_labels: fc.jsonValue(), mirrored_hosts: fc.jsonValue() }),
    fc.record({ functions: fc.record({ 'tcp-resets': fc.jsonValue() }) }),
    fc.record({
      columns: fc.record({ Peer: fc.jsonValue(), Rate: fc.record({ index: fc.jsonValue() }) }),
      data: fc.array(fc.jsonValue()),
    }),
  )
  fc.assert(
    fc.property(jsonish, answer => {
      for (const found of readAlarms(answer)?.alarms ?? []) details(found, 100)
      const series = readSeries(answer, ['sent', 'received'])
      if (series) summary(series, name => name, 100)
      readLabels(answer)
      readNodes(answer)
      readOffer(answer, 'tcp-resets')
      readRecordings(answer)
      for (const row of readTop(answer, 5) ?? []) fromTo(row, 'sent')
    }),
  )
  t.equal(readAlarms([]), undefined)
  t.equal(readAlarms({ alarms: 'none' }), undefined)
})

t.test('which instances are shown', async t => {
  const of = (chart: string, status: string) => ({ ...alarm, chart: `ipv4.tcp_resets${chart}`, status })
  t.same(chartsToShow([of('_b', 'WARNING'), of('_c', 'CLEAR'), of('', 'CLEAR'), of('_a', 'CRITICAL')]), [
    'ipv4.tcp_resets',
    'ipv4.tcp_resets_a',
    'ipv4.tcp_resets_b',
  ])
  t.same(chartsToShow([]), ['ipv4.tcp_resets'])
  t.same(chartsToShow([{ ...of('', 'WARNING'), chart: 'ipv4.tcp_reset_raised' }], 'ipv4.tcp_reset_raised'), [
    'ipv4.tcp_reset_raised',
  ])
})

t.test('words', async t => {
  t.equal(state('WARNING').words, 'Raised: warning')
  t.equal(state('constructor').words, 'State: constructor')
  t.same([0, 0.126, 12.34, 1234.5].map(amount), ['0', '0.13', '12.3', '1,235'])
  t.same([0, 59, 61, 3600, 7500, 100_000].map(span), ['0 s', '59 s', '1 min', '1 h', '2 h 5 min', '1 d 3 h'])
  t.match(
    details({ ...alarm, value: 12.5, since: 40 }, 100),
    /^12\.5 resets\/s · for 1 min, since \d\d:\d\d$/,
  )
  t.equal(details({ ...alarm, silenced: true }, 100), 'silenced, nobody is told')
  t.equal(details({ ...alarm, since: 0 }, 100), '')
  const series = { times: [1, 3, 5], lines: [{ name: 'sent', values: [4, 2, null] }] }
  t.same(extent({ name: 'sent', values: [4, 2, null] }, [1, 3, 5]), { latest: 2, highest: 4, highestAt: 1 })
  t.equal(lastMeasured(series), 3)
  t.equal(step(series), 2)
  t.match(
    summary(series, () => 'sent', 10),
    /sent: now 2, peak 4 at \d\d:\d\d\.$/,
  )
  t.match(
    summary({ times: [], lines: [{ name: 'sent', values: [] }] }, () => 'sent', 10),
    /sent: no values\.$/,
  )
})

t.test('the drawing', async t => {
  t.same([0, 0.4, 1, 1.1, 3, 51, 1694, 2001].map(roundAbove), [1, 1, 1, 2, 5, 100, 2000, 5000])
  const frame = { left: 0, right: 100, top: 0, bottom: 10 }
  const lines = runs(
    { times: [-5, 0, 1, 5, 9, 10], lines: [] },
    [9, 0, 5, 10, null, 20],
    1.5,
    { from: 0, to: 10, highest: 10 },
    frame,
  )
  t.same(
    lines,
    [
      [
        [0, 10],
        [10, 5],
      ],
      [[50, 0]],
      [[100, 0]],
    ],
    'gaps stay gaps, and what is outside stays outside',
  )
  t.equal(path(lines), 'M0.0 10.0L10.0 5.0M50.0 0.0h1M100.0 0.0h1')
})
