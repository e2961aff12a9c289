import fc from 'fast-check'
import t from 'tap'
import { createLog } from '../../plugin/log'
import {
  type FunctionAnswer,
  type FunctionDefinition,
  functionCalls,
  functionLine,
  refusal,
} from '../../plugin/netdata/function'
import { type FunctionCall, inputReader } from '../../plugin/netdata/input'

const definition = {
  name: 'tcp-resets',
  help: 'A "table"\n',
  timeout: 10,
  access: 0x13,
  answer: (call: FunctionCall): FunctionAnswer => ({
    status: 200,
    body: `${JSON.stringify(call.words)}\n`,
    goodFor: 1,
  }),
} satisfies FunctionDefinition

/** Functions with an agent that can stop reading, and a clock that stands still. */
function setUp(answer: (call: FunctionCall) => FunctionAnswer = definition.answer) {
  let written = ''
  let logged = ''
  const state = { ready: true, now: 0 }
  const log = createLog({}, line => {
    logged += line
  })
  const out = {
    ready: () => state.ready,
    write(text: string) {
      written += text
    },
  }
  const calls = functionCalls(
    name => (name === 'tcp-resets' ? answer : undefined),
    out,
    () => state.now,
    log,
  )
  return {
    ...calls,
    state,
    say: (text: string) => calls.read(Buffer.from(text)),
    written: () => written.replace(/(application\/json) \d+/g, '$1 <time>'),
    logged: () => logged,
  }
}

t.test('the line that registers it: a form that all agents read', async t => {
  t.equal(functionLine(definition), 'FUNCTION GLOBAL "tcp-resets" 10 "A _table_" "top" 0x13 100 3\n')
})

t.test('the rest of a line that is too long is no call', async t => {
  const { say, written } = setUp()
  say('x'.repeat(70_000))
  say('FUNCTION 0f-1 10 "tcp-resets info"\n')
  t.equal(written(), '')
  say('FUNCTION 0f-2 10 "tcp-resets info"\n')
  t.match(written(), /^FUNCTION_RESULT_BEGIN 0f-2 200 /, 'the next line is')
})

t.test('calls as 1.37 and as the newest send them', async t => {
  for (const line of [
    'FUNCTION 0f-1 10 "tcp-resets info"\n',
    'FUNCTION 0f-1 10 "tcp-resets info" "0xffff" "method=api,role=none"\n',
    'FUNCTION_PAYLOAD 0f-1 10 "tcp-resets info" "0xffff" "" "application/json"\n{}\nFUNCTION_PAYLOAD_END\n',
  ]) {
    const { say, written } = setUp()
    say(line)
    t.equal(
      written(),
      'FUNCTION_RESULT_BEGIN 0f-1 200 application/json <time>\n["tcp-resets","info"]\nFUNCTION_RESULT_END\n',
    )
  }
})

t.test('in any pieces', async () => {
  const text =
    'FUNCTION a 10 "tcp-resets é"\nFUNCTION_PAYLOAD b 5 "tcp-resets"\n{"x":\n"é"}\nFUNCTION_PAYLOAD_END\n'
  const read = (cuts: readonly number[]): FunctionCall[] => {
    const calls: FunctionCall[] = []
    const reader = inputReader({ called: call => calls.push(call), cancelled: () => {} })
    const bytes = Buffer.from(text)
    let from = 0
    for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
      reader(bytes.subarray(from, cut))
      from = cut
    }
    return calls
  }
  const whole = JSON.stringify(read([]))
  t.match(read([]), [
    { transaction: 'a', timeout: 10, words: ['tcp-resets', 'é'] },
    { transaction: 'b', timeout: 5, words: ['tcp-resets'], payload: '{"x":\n"é"}' },
  ])
  fc.assert(
    fc.property(fc.array(fc.nat(Buffer.byteLength(text))), cuts => JSON.stringify(read(cuts)) === whole),
    { numRuns: 300 },
  )
})

t.test('what can not be served has an answer that says why', async t => {
  const cases: Record<string, [string, string]> = {
    'another function': ['FUNCTION a 1 "processes"\n', '404 there is no function "processes"'],
    'no name': ['FUNCTION a 1 " "\n', '404 there is no function ""'],
    'control characters': [
      'FUNCTION a 1 "x\u007f\u009b2J\u001b[2J"\n',
      '404 there is no function "x 2J [2J"',
    ],
    'payload too large': [
      `FUNCTION_PAYLOAD a 1 "tcp-resets"\n${'x'.repeat(60_000)}\n`.repeat(1) +
        `${'x'.repeat(60_000)}\n`.repeat(5) +
        'FUNCTION_PAYLOAD_END\n',
      '400 expected a payload of at most 262144 bytes',
    ],
    'payload line too long': [
      `FUNCTION_PAYLOAD a 1 "tcp-resets"\n${'x'.repeat(70_000)}\nFUNCTION_PAYLOAD_END\n`,
      '400 expected a payload of at most 262144 bytes',
    ],
  }
  for (const [name, [line, expected]] of Object.entries(cases)) {
    const { say, written } = setUp()
    say(line)
    const [status, ...message] = expected.split(' ')
    const body = JSON.parse(written().split('\n')[1] ?? '')
    t.match(written(), new RegExp(`^FUNCTION_RESULT_BEGIN a ${status} application/json <time>\n`), name)
    t.strictSame(
      body,
      { status: Number(status), errorMessage: message.join(' '), error_message: message.join(' ') },
      name,
    )
  }
})

t.test('a fault of ours is a 500, and in the log', async t => {
  const { say, written, logged } = setUp(() => {
    throw new Error('oh\nno')
  })
  say('FUNCTION a 1 "tcp-resets"\n')
  t.match(written(), /BEGIN a 500 /)
  t.match(logged(), /function tcp-resets: oh no\n$/)
})

t.test('while the agent does not read, calls wait: few, not for ever, in order', async t => {
  const { say, written, state, flush } = setUp()
  state.ready = false
  say('FUNCTION late 1 "tcp-resets"\n')
  state.now = 2000
  for (let i = 0; i < 100; i++) say(`FUNCTION call${i} 10 "tcp-resets"\n`)
  say('FUNCTION_CANCEL call99\nFUNCTION_CANCEL call1\nFUNCTION_CANCEL nobody\nFUNCTION_PROGRESS call98\n')
  t.equal(written(), '')
  flush()
  t.equal(written(), '')
  state.ready = true
  flush()
  const answered = [...written().matchAll(/BEGIN (\S+) (\d+)/g)].map(
    ([, call, status]) => `${call} ${status}`,
  )
  t.strictSame(
    answered,
    [...Array(31)].map((_, i) => `call${68 + i} 200`).concat('call99 499'),
    'a cancelled one has its answer too',
  )
  flush()
  t.equal([...written().matchAll(/BEGIN/g)].length, 32, 'once')
})

t.test('a call whose time is up has no answer', async t => {
  const { say, written, state, flush } = setUp()
  state.ready = false
  say('FUNCTION a 2 "tcp-resets"\nFUNCTION b x "tcp-resets"\n')
  state.ready = true
  state.now = 5000
  flush()
  t.match(written(), /^FUNCTION_RESULT_BEGIN b 200/, 'without a time: that of the function')
})

t.test('garbage', async t => {
  const { say, written } = setUp()
  for (const line of [
    '',
    'FUNCTION',
    'FUNCTION x',
    'QUIT',
    '"',
    'FUNCTION "a b" 10 "tcp-resets"',
    'FUNCTION a\u0000b 10 "tcp-resets"',
    'function a 10 "tcp-resets"',
    'FUNCTION_PAYLOAD_END',
    'FUNCTION_PROGRESS a',
    'FUNCTION_CANCEL',
    `FUNCTION ${'a'.repeat(200)} 10 "tcp-resets"`,
    `FUNCTION a 10 "${'x'.repeat(100_000)}"`,
  ]) {
    say(`${line}\n`)
  }
  t.equal(written(), '', 'nothing in it can be answered')
  say('FUNCTION a 10 "tcp-resets"\n')
  t.match(written(), /BEGIN a 200/, 'and the next is served')
})

t.test('no request, and nothing that an answer repeats of it, breaks the protocol', async () => {
  const words = fc.constantFrom(
    'FUNCTION ',
    'FUNCTION_PAYLOAD ',
    'FUNCTION_PAYLOAD_END',
    'FUNCTION_CANCEL ',
    'FUNCTION_RESULT_END',
    'a',
    '10 ',
    '"',
    "'",
    'tcp-resets',
    '\n',
    '\nEND\n',
    '\r\n',
    '\0',
    '\u2028',
    '\ud800',
    ' ',
    '{',
    'x'.repeat(5000),
  )
  const text = fc.oneof(
    fc.array(words, { maxLength: 40 }).map(all => all.join('')),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary' }).map(name => `FUNCTION a 10 "${name}"\n`),
  )
  fc.assert(
    fc.property(text, request => {
      const { say, written } = setUp(({ words }) => refusal(400, words.join(' ')))
      say(request)
      const lines = written().split('\n')
      if (lines.pop() !== '') return false
      return lines.every((line, i) => {
        if (i % 3 === 0)
          return /^FUNCTION_RESULT_BEGIN [\w-]{1,100} \d{3} application\/json <time>$/.test(line)
        if (i % 3 === 1) return JSON.parse(line).status >= 400 && Buffer.byteLength(line) < 15_000
        return line === 'FUNCTION_RESULT_END'
      })
    }),
    { numRuns: 2000 },
  )
})
