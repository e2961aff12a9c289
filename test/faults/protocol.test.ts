import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readProtocol, valuesIn } from './protocol'

// The faults are judged by this checker, so it must see what is wrong.

const golden = readFileSync(join(__dirname, '..', 'first-three-ticks.txt'), 'utf8')
  .replaceAll('MICROSECONDS', '1000000')
  .replaceAll('= SECONDS', '= 1795268071')

t.test('what the plugin says when all is well', async t => {
  const transcript = readProtocol(golden)
  t.equal(transcript.collections.length, 6)
  t.strictSame(valuesIn(transcript, 'ipv4.tcp_resets', 'sent'), [0n, 0n, 0n])
  t.strictSame(
    transcript.collections.map(({ microseconds }) => microseconds),
    [undefined, undefined, 1e6, 1e6, 1e6, 1e6],
  )
})

t.test('the answer of a function', async t => {
  const { results } = readProtocol(
    'FUNCTION_RESULT_BEGIN a-1 404 application/json 12\n{}\nFUNCTION_RESULT_END\n',
  )
  t.strictSame(results, [{ transaction: 'a-1', status: 404, expires: 12, body: '{}\n' }])
})

t.test('what is wrong', async t => {
  const cases: Record<string, [text: string, says: RegExp]> = {
    'a comment': ['# hello\n', /line 1: no line of the protocol/],
    'half a line': [`${golden}BEGIN ipv4.tcp`, /middle of a line/],
    'no END': [golden.replace(/END\n$/, ''), /middle of a block/],
    'a block in a block': [golden.replace('END\nCHART', 'CHART'), /expected a value/],
    'an answer in a block': [
      golden.replace('END\n', 'FUNCTION_RESULT_BEGIN a 200 application/json 1\n'),
      /expected a value/,
    ],
    'no definition': [golden.replace(/CHART[\s\S]*?CLABEL_COMMIT\n/, ''), /was not defined/],
    'another dimension': [golden.replace('SET sent', 'SET lost'), /dimension that was not defined/],
    'the same dimension twice': [golden.replace('SET sent = 0\n', '$&$&'), /twice/],
    'a label without its third word': [
      golden.replace("CLABEL namespace 'host' 1", "CLABEL namespace 'host'"),
      /dimension or a label/,
    ],
    'a quote in a title': [golden.replace('TCP resets of', "TCP 'resets of"), /no line of the protocol/],
    NaN: [golden.replace('sent = 0', 'sent = NaN'), /expected a value/],
    'a fraction': [golden.replace('sent = 0', 'sent = 0.5'), /expected a value/],
    'microseconds with the first': [
      golden.replace('BEGIN ipv4.tcp_resets\n', 'BEGIN ipv4.tcp_resets 1000000\n'),
      /microseconds/,
    ],
    'no microseconds with the second': [golden.replace('tcp_resets 1000000', 'tcp_resets'), /microseconds/],
    'two ticks in one': [golden.replace('1000000', '400000'), /too soon/],
    'a counter that goes down': [golden.replace('sent = 0', 'sent = 5'), /below 5/],
    'nothing in a block': [golden.replace('SET sent = 0\nSET received = 0\n', ''), /without a value/],
    'a control character': [golden.replace("'host'", "'ho\u001bst'"), /control character/],
    'a very long line': [golden.replace("'host'", `'${'x'.repeat(16_000)}'`), /longer than agents take/],
  }
  for (const [name, [text, says]] of Object.entries(cases)) t.throws(() => readProtocol(text), says, name)
})
