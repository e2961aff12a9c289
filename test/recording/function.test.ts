import fc from 'fast-check'
import t from 'tap'
import { recordingsFunction } from '../../plugin/recording/function'
import { type Recording, recordingsIn } from '../../plugin/recording/recording'

const explanation = {
  version: 1,
  capture: { notes: [] },
  resets: [],
  summary: { resets: 12, finding: '12 resets on 3 connections: all in mid-stream.' },
}
const whole = { version: 1, id: 'b', namespace: 'host', began: 1_700_000_000, explanation, refused: 2 }
const failed = {
  version: 1,
  id: 'a',
  namespace: 'docker_9ec39b91f3d7',
  began: 1_600_000_000,
  fault: 'capturing needs tcpdump',
  refused: 0,
}

async function ask(recordings: () => readonly Recording[], words = '', payload?: string) {
  const { answer } = recordingsFunction(recordings, () => 1_700_000_100_000, 'signed_in')
  const call = { transaction: 'a', timeout: 1, words: ['tcp-resets-recordings', ...words.split(' ')] }
  const { status, body } = await answer({ ...call, ...(payload !== undefined && { payload }) })
  return { status, body: JSON.parse(body) }
}

t.test('what is kept, as it lies there', async t => {
  const store = t.testdir({
    'a.json': JSON.stringify(failed),
    'b.json': JSON.stringify(whole),
    'b.pcap': '',
    'c.json': '{"version":1,"id":"../c"}',
    'd.json': 'cut o',
    'e.json.new': JSON.stringify(whole),
  })
  const { status, body } = await ask(() => recordingsIn(store))
  t.equal(status, 200)
  const ids = Object.keys(body.columns)
  t.strictSame(
    body.data.map((cells: unknown[]) => Object.fromEntries(ids.map((id, i) => [id, cells[i]]))),
    [
      {
        Recording: 'a',
        Began: 1_600_000_000_000,
        Chart: 'ipv4.tcp_resets_docker_9ec39b91f3d7',
        Finding: 'Not explained: capturing needs tcpdump.',
        Resets: null,
        Refused: 0,
      },
      {
        Recording: 'b',
        Began: 1_700_000_000_000,
        Chart: 'ipv4.tcp_resets',
        Finding: '12 resets on 3 connections: all in mid-stream.',
        Resets: 12,
        Refused: 2,
      },
    ],
  )
  t.ok(body.columns[body.default_sort_column])
  t.strictSame(recordingsIn(`${store}/not-there`), [])
})

t.test('how to ask, and what can’t be read', async t => {
  const info = await ask(() => [], 'info')
  t.match(info, { status: 200, body: { v: 3, type: 'table', has_history: false } })
  t.notOk('data' in info.body)
  t.strictSame((await ask(() => [], '', '{"info":true}')).body, info.body)
  t.strictSame((await ask(() => [], 'after:-600 before:0', '{"selections":{}}')).body.data, [])
  t.strictSame((await ask(() => [], '', 'no JSON')).body.data, [])
  const refused = await ask(() => {
    throw new Error('EACCES: permission denied')
  })
  t.match(refused, { status: 503, body: { errorMessage: /can't be read: EACCES/ } })
})

t.test('the same rights as the table of resets', async t => {
  t.equal(recordingsFunction(() => [], Date.now, 'signed_in').access, 1 + 2 + 16)
  t.equal(recordingsFunction(() => [], Date.now, 'anyone').access, 8)
})

t.test('no text makes a line that is no JSON, is too long, or ends the answer', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20_000 }),
    fc.constantFrom('\nFUNCTION_RESULT_END\n', '"'.repeat(20_000), '\\', '\u2028', '\ud800'.repeat(3000)),
  )
  await fc.assert(
    fc.asyncProperty(text, async fault => {
      const { answer } = recordingsFunction(() => [{ ...failed, version: 1, fault }], Date.now, 'anyone')
      const { body } = await answer({ transaction: 'a', timeout: 1, words: ['tcp-resets-recordings'] })
      return (
        body.split('\n').every(line => Buffer.byteLength(line) < 15_000 && !line.startsWith('FUNCTION')) &&
        JSON.parse(body).data.length === 1
      )
    }),
    { numRuns: 200 },
  )
})
