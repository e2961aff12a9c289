import Ajv from 'ajv'
import fc from 'fast-check'
import t from 'tap'
import type { Time } from '../../plugin/clock'
import type { FunctionCall } from '../../plugin/netdata/input'
import type { PortOwner, WantedPort } from '../../plugin/sources/port-owners'
import type { Details } from '../../plugin/tracing/collector'
import { tcpResetsFunction } from '../../plugin/tracing/function'
import type { TopReset } from '../../plugin/tracing/top-resets'

const sent: TopReset = {
  direction: 'sent',
  reason: 'NO_SOCKET',
  stage: 'no connection',
  localPort: 443,
  peer: '192.0.2.1',
  peerPort: 4711,
  family: 'IPv4',
  localAddress: '192.0.2.9',
  count: 7.4,
  rate: 0.123,
  lastSeen: 5000,
}
const received: TopReset = { direction: 'received', stage: 'unknown', count: 3, rate: 0, lastSeen: 6000 }
const details: Details = { rows: [sent, received], error: 0, resets: 10, read: 10, hasReasons: true }

function setUp(current: () => Details | undefined = () => details) {
  const clock = { now: 10_000 }
  const asked: (readonly WantedPort[])[] = []
  const time: Time = { monotonic: () => clock.now, wall: () => 1_700_000_000_000, in: () => () => {} }
  const ownersOf = async (wanted: readonly WantedPort[]): Promise<Map<number, PortOwner>> => {
    asked.push(wanted)
    return new Map(wanted.map(({ port }) => [port, { process: `p${port}`, user: 'web' }]))
  }
  const service = (port: number) => new Map([[443, 'https']]).get(port)
  const { answer } = tcpResetsFunction(current, ownersOf, service, time)
  const call = (words: string, payload?: string): FunctionCall => ({
    transaction: 'a',
    timeout: 1,
    words: words.split(' '),
    ...(payload !== undefined && { payload }),
  })
  const ask = async (words: string, payload?: string) => {
    const { status, body } = await answer(call(words, payload))
    return { status, body: JSON.parse(body) }
  }
  return { ask, answer, call, clock, asked }
}

/** The rows of an answer, each a cell by its column. */
function rowsOf(body: {
  columns: Record<string, { index: number }>
  data: unknown[][]
}): Record<string, unknown>[] {
  return body.data.map(row =>
    Object.fromEntries(Object.entries(body.columns).map(([id, { index }]) => [id, row[index]])),
  )
}

t.test('rows and cells', async t => {
  const { ask } = setUp()
  const { status, body } = await ask('tcp-resets')
  t.equal(status, 200)
  t.strictSame(rowsOf(body), [
    {
      Row: 'sent NO_SOCKET no connection 443 192.0.2.1',
      Direction: 'sent',
      Reason: 'NO_SOCKET',
      Container: 'not told',
      Stage: 'no connection',
      LocalPort: 443,
      Service: 'https',
      Process: '',
      User: '',
      Peer: '192.0.2.1',
      PeerPort: 4711,
      Family: 'IPv4',
      Resets: 7,
      Rate: 0.12,
      LastSeen: 1_699_999_995_000,
      TooLowBy: 0,
      rowOptions: null,
    },
    {
      Row: 'received unknown * *',
      Direction: 'received',
      Reason: 'the peer sent it',
      Container: 'not told',
      Stage: 'unknown',
      LocalPort: null,
      Service: '',
      Process: '',
      User: '',
      Peer: 'many',
      PeerPort: null,
      Family: '',
      Resets: 3,
      Rate: 0,
      LastSeen: 1_699_999_996_000,
      TooLowBy: 0,
      rowOptions: null,
    },
  ])
  t.match(body.help, /Every reset was read\.$/)
})

t.test('rows that worry look so', async t => {
  const looks = async (row: Partial<TopReset>) =>
    rowsOf((await setUp(() => ({ ...details, rows: [{ ...received, ...row }] })).ask('tcp-resets')).body)[0]
      ?.rowOptions
  t.strictSame(await looks({ rate: 5 }), null)
  t.strictSame(await looks({ rate: 5.1 }), { severity: 'warning' }, 'as many as the alarms can be raised for')
  t.strictSame(await looks({ ignored: true }), { severity: 'notice' }, 'somebody guesses')
  t.strictSame(await looks({ ignored: true, rate: 6 }), { severity: 'warning' })
})

t.test('the shape that dashboards want', async t => {
  // The parts of Netdata's FUNCTION_UI_SCHEMA.json that a table has to keep to.
  const words = (...all: string[]) => ({ enum: all })
  const given = (what: object, properties: object) => ({
    anyOf: [{ not: { properties: what } }, { properties }],
  })
  const column = {
    type: 'object',
    required: ['index', 'name', 'type'],
    properties: {
      index: { type: 'integer', minimum: 0 },
      name: { type: 'string' },
      unique_key: { type: 'boolean' },
      visible: { type: 'boolean' },
      type: words(
        'none',
        'integer',
        'float',
        'boolean',
        'string',
        'detail-string',
        'bar-with-integer',
        'duration',
        'timestamp',
        'array',
      ),
      visualization: words('value', 'bar', 'pill', 'richValue', 'rowOptions'),
      value_options: {
        type: 'object',
        properties: {
          transform: words('none', 'number', 'duration', 'datetime', 'datetime_usec', 'xml', 'text'),
          decimal_points: { type: 'integer', minimum: 0 },
          default_value: { type: ['string', 'number', 'boolean', 'null'] },
        },
      },
      max: { type: 'number' },
      sort: words('ascending', 'descending'),
      sortable: { type: 'boolean' },
      summary: words('count', 'uniqueCount', 'sum', 'min', 'max', 'mean', 'median'),
      filter: words('none', 'range', 'multiselect', 'facet'),
      dummy: { type: 'boolean' },
    },
    // FUNCTION_UI_REFERENCE.md: which ways of showing go with which type, and the column that tells the look of rows.
    allOf: [
      given(
        { type: words('integer', 'bar-with-integer') },
        { value_options: { properties: { transform: words('number') } } },
      ),
      given({ visualization: words('rowOptions') }, { type: words('none'), dummy: { const: true } }),
    ],
  }
  const check = new Ajv({ allowUnionTypes: true }).compile({
    type: 'object',
    required: ['status', 'type', 'columns', 'data', 'has_history', 'default_sort_column'],
    properties: {
      status: { const: 200 },
      type: { const: 'table' },
      columns: { type: 'object', additionalProperties: column },
      data: { type: 'array', items: { type: 'array' } },
      aggregated_view: {
        type: 'object',
        required: ['column', 'results_label', 'aggregated_label'],
        additionalProperties: { type: 'string' },
      },
      accepted_params: { type: 'array', items: { type: 'string' } },
      required_params: {
        type: 'array',
        items: { type: 'object', required: ['id', 'name', 'type', 'options'] },
      },
    },
  })
  const { ask } = setUp()
  const { body } = await ask('tcp-resets')
  t.ok(check(body), JSON.stringify(check.errors))
  const columns = Object.entries(body.columns as Record<string, { index: number; unique_key: boolean }>)
  t.strictSame(
    columns.map(([, { index }]) => index),
    [...columns.keys()],
  )
  t.equal(columns.filter(([, { unique_key }]) => unique_key).length, 1)
  t.ok(body.columns[body.default_sort_column])
  t.match(body.columns[body.aggregated_view.column], { type: 'bar-with-integer' }, 'a number')
  for (const each of Object.values<{ columns: string[] }>({ ...body.group_by, ...body.charts })) {
    for (const id of each.columns) t.ok(body.columns[id], id)
  }
  for (const [chart, group] of body.default_charts) t.ok(body.charts[chart] && body.group_by[group])

  const info = (await ask('tcp-resets info')).body
  t.match(info, { status: 200, v: 3, type: 'table', has_history: false, accepted_params: ['info', 'resets'] })
  t.notOk('data' in info || 'columns' in info)
  t.strictSame((await ask('tcp-resets', '{"info":true,"timeout":1000}')).body, info, 'posted')
  t.ok('data' in (await ask('tcp-resets', '{"info":false}')).body)
})

t.test('sent or received only, by words and by what is posted', async t => {
  const directions = async (words: string, payload?: string) =>
    rowsOf((await setUp().ask(words, payload)).body).map(row => row.Direction)
  t.strictSame(await directions('tcp-resets resets:sent'), ['sent'])
  t.strictSame(await directions('tcp-resets resets:received,sent after:1 before:2'), ['sent', 'received'])
  t.strictSame(
    await directions('tcp-resets', '{"selections":{"resets":["received"]},"after":-600,"query":"x"}'),
    ['received'],
  )
  t.strictSame(await directions('tcp-resets', '{"selections":{"resets":[]}}'), ['sent', 'received'])
  t.strictSame(await directions('tcp-resets', '{"selections":null}'), ['sent', 'received'])
  t.strictSame(await directions('tcp-resets', '\n'), ['sent', 'received'])
})

t.test('a bad request is a 400 that says what is wrong', async t => {
  const cases: [words: string, payload: string | undefined, message: string][] = [
    ['tcp-resets colour:red', undefined, 'unknown parameter "colour:red"'],
    ['tcp-resets resets', undefined, 'unknown parameter "resets"'],
    ['tcp-resets resets:up', undefined, 'resets: expected sent or received, found "up"'],
    ['tcp-resets', '{', 'payload: expected JSON'],
    ['tcp-resets', '[]', 'payload: expected a JSON object'],
    ['tcp-resets', 'null', 'payload: expected a JSON object'],
    ['tcp-resets', '{"selections":3}', 'payload: selections: expected an object'],
    [
      'tcp-resets',
      '{"selections":{"resets":"sent"}}',
      'payload: selections.resets: expected a list of words',
    ],
    ['tcp-resets', '{"selections":{"resets":["up"]}}', 'resets: expected sent or received, found "up"'],
  ]
  for (const [words, payload, message] of cases) {
    t.strictSame(
      await setUp().ask(words, payload),
      { status: 400, body: { status: 400, errorMessage: message, error_message: message } },
      message,
    )
  }
})

t.test('who may call it: signed-in users, or anyone', async t => {
  const time: Time = { monotonic: () => 0, wall: () => 0, in: () => () => {} }
  const none = [() => undefined, async () => new Map(), () => undefined, time] as const
  // The rights as the agent numbers them (HTTP_ACCESS): signed in, same space, anonymous data, sensitive data.
  t.equal(tcpResetsFunction(...none).access, 1 + 2 + 16)
  t.equal(tcpResetsFunction(...none, 'anyone').access, 8)
})

t.test('without the grant: a 503 that says how to get it', async t => {
  const { ask } = setUp(() => undefined)
  t.match(await ask('tcp-resets'), { status: 503, body: { errorMessage: /tcp-resets grant/ } })
  t.match(await ask('tcp-resets info'), { status: 200 })
})

t.test(
  'owners: only for rows with a port and a socket, the caught process first, asked for seldom',
  async t => {
    const rows = [
      { ...sent, stage: 'open' as const },
      { ...sent, stage: 'closed' as const, localPort: 80, task: 'nginx' },
      { ...sent, localPort: 8080 },
      { ...sent, stage: 'open' as const, localPort: undefined, task: 'nginx' },
    ]
    const { ask, asked, clock } = setUp(() => ({ ...details, rows }))
    t.strictSame(
      rowsOf((await ask('tcp-resets')).body).map(row => [row.LocalPort, row.Process, row.User]),
      [
        [443, 'p443', 'web'],
        [80, 'nginx', ''],
        [8080, '', ''],
        [null, 'nginx', ''],
      ],
    )
    t.strictSame(asked, [[{ port: 443, address: '192.0.2.9', isOurs: false }]])
    clock.now += 5000
    await ask('tcp-resets')
    t.equal(asked.length, 1)
    clock.now += 6000
    await ask('tcp-resets')
    t.equal(asked.length, 2)
  },
)

t.test('what was sampled and how exact it is stand in the help', async t => {
  const sampled = { ...details, resets: 300_000, read: 5000, error: 12.3 }
  const { body } = await setUp(() => sampled).ask('tcp-resets')
  t.match(body.help, /5000 of 300000 resets were read; .* A count can be too low by 13 at most\.$/)
  t.strictSame(body.coverage, { resets: 300_000, read: 5000, error: 13 })
  t.equal(rowsOf(body)[0]?.TooLowBy, 13)
})

t.test('whoever asks again within two seconds gets the same answer', async t => {
  let made = 0
  const { ask, clock } = setUp(() => {
    made++
    return details
  })
  for (let i = 0; i < 50; i++) await ask('tcp-resets')
  t.equal(made, 1)
  clock.now += 2000
  await ask('tcp-resets')
  t.equal(made, 2)
})

t.test('no name makes a line that is no JSON, is too long, or ends the answer', async () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom('\nFUNCTION_RESULT_END\n', '"', '\\', '\u2028', '\ud800'),
  )
  await fc.assert(
    fc.asyncProperty(name, name, name, async (reason, peer, task) => {
      const rows = [{ ...sent, reason, peer, task }]
      const { answer, call } = setUp(() => ({ ...details, rows }))
      const lines = (await answer(call('tcp-resets'))).body.split('\n')
      return (
        lines.every(line => Buffer.byteLength(line) < 15_000 && !line.startsWith('FUNCTION')) &&
        JSON.parse(lines.join('\n')).data.length === 1
      )
    }),
    { numRuns: 500 },
  )
})
