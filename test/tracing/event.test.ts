import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { eventParser, type ResetEvent } from '../../plugin/tracing/event'
import { type EventFormat, parseFormat } from '../../plugin/tracing/format'

const kernels = join(__dirname, '..', 'fixtures', 'kernels')

function formatOf(kernel: string, event: string): EventFormat {
  const format = parseFormat(readFileSync(join(kernels, kernel, `${event}.format`), 'latin1'))
  if (format === undefined) throw new Error(`${kernel}: no format of ${event}`)
  return format
}

/** What each kernel's captured trace_pipe tells, in its order. */
const local4 = { family: 'IPv4', localAddress: '127.0.0.1', peer: '127.0.0.1' } as const
const local6 = { family: 'IPv6', localAddress: '::1', peer: '::1' } as const
const OLD = (ports: readonly [number, number, number, number]) => [
  { direction: 'received', ...local4, localPort: 2222, peerPort: ports[0] },
  { direction: 'sent', ...local4, localPort: ports[1], peerPort: 2222, state: 'TCP_CLOSE' },
  { direction: 'received', ...local4, localPort: ports[2], peerPort: 1 },
  { direction: 'received', ...local6, localPort: ports[3], peerPort: 1 },
]
const CAPTURED: Record<string, readonly object[]> = {
  '5.10.0-32-amd64': OLD([48276, 48276, 58184, 39992]),
  '6.1.0-56-amd64': OLD([41562, 41562, 42858, 41260]),
  '6.12.107+deb13-amd64': [
    { direction: 'received', ...local4, localPort: 2222, peerPort: 42908 },
    {
      direction: 'sent',
      ...local4,
      localPort: 42908,
      peerPort: 2222,
      state: 'TCP_CLOSE',
      reason: 'TCP_STATE',
      task: 'python3',
    },
    { direction: 'sent', ...local4, localPort: 1, peerPort: 36108, state: 'UNKNOWN', reason: 'NO_SOCKET' },
    { direction: 'received', ...local4, localPort: 36108, peerPort: 1 },
    { direction: 'sent', ...local6, localPort: 1, peerPort: 45114, state: 'UNKNOWN', reason: 'NO_SOCKET' },
    { direction: 'received', ...local6, localPort: 45114, peerPort: 1 },
  ],
}

/** The event without what the kernel does not say. */
const told = (event: ResetEvent | undefined): unknown => event && JSON.parse(JSON.stringify(event))

t.test('the captured text of each kernel, by its own format file', async t => {
  for (const [kernel, expected] of Object.entries(CAPTURED)) {
    const parsers = [
      eventParser('sent', formatOf(kernel, 'tcp_send_reset')),
      eventParser('received', formatOf(kernel, 'tcp_receive_reset')),
    ]
    const lines = readFileSync(join(kernels, kernel, 'trace_pipe'), 'latin1')
      .trimEnd()
      .split('\n')
    t.strictSame(
      lines.map(line => told(parsers.map(parse => parse(line)).find(event => event !== undefined))),
      expected,
      kernel,
    )
    for (const line of lines) t.equal(parsers.filter(parse => parse(line)).length, 1, 'one event, one parser')
  }
})

t.test('every captured format file says keys, and names where the kernel has some', async t => {
  for (const kernel of readdirSync(kernels)) {
    for (const event of ['tcp_send_reset', 'tcp_receive_reset']) {
      if (!existsSync(join(kernels, kernel, `${event}.format`))) continue
      const format = formatOf(kernel, event)
      t.equal(format.name, event)
      t.ok(format.keys.includes(event === 'tcp_send_reset' ? 'state' : 'sport'), `${kernel} ${event}`)
    }
    const sent = formatOf(kernel, 'tcp_send_reset')
    t.ok(sent.names.get('state')?.includes('TCP_ESTABLISHED'), kernel)
    t.equal(sent.keys.includes('reason'), sent.names.get('reason')?.includes('NO_SOCKET') ?? false, kernel)
  }
})

t.test('what is no format file', async t => {
  for (const text of ['', 'name: x\n', 'print fmt: "a=%d", REC->a\n', 'name: x\nprint fmt: "no keys"\n']) {
    t.equal(parseFormat(text), undefined)
  }
})

const format = formatOf('6.18.44-fc-v657', 'tcp_send_reset')
const parse = eventParser('sent', format)
const head = '          <idle>-0       [001] ..s2.  1234.567890: tcp_send_reset: '
const body =
  'skbaddr=00000000a5bb300b skaddr=0000000000000000 src=192.0.2.1:80 dest=198.51.100.7:4711 state=UNKNOWN reason=NO_SOCKET'
const event: ResetEvent = {
  direction: 'sent',
  family: 'IPv4',
  localAddress: '192.0.2.1',
  localPort: 80,
  peer: '198.51.100.7',
  peerPort: 4711,
  state: 'UNKNOWN',
  reason: 'NO_SOCKET',
}

t.test('lines as they come, and as they never should', async t => {
  const active = body.replace('00000000a5bb300b', '0000000000000000')
  const cases: Record<string, [string, object | undefined]> = {
    plain: [head + body, event],
    'other order': [head + body.split(' ').reverse().join(' '), event],
    'more keys': [`${head}new=1 ${body} newer=%s`, event],
    'reason without a name': [head + body.replace('NO_SOCKET', '0x1a'), { ...event, reason: 'UNKNOWN_26' }],
    'reason cut off': [head + body.slice(0, -3), undefined],
    'key missing': [head + body.replace(/ state=\S+/, ''), undefined],
    'value missing': [head + body.replace('UNKNOWN', ''), undefined],
    'cut off': [(head + body).slice(0, -40), undefined],
    'head only': [head, undefined],
    'lost events': ['CPU:1 [LOST 4711 EVENTS]', undefined],
    'another event': [head.replace('tcp_send_reset', 'tcp_probe') + body, undefined],
    empty: ['', undefined],
    'no port': [head + body.replace(':80 ', ' '), undefined],
    'port too large': [head + body.replace(':80 ', ':65536 '), undefined],
    'no address': [head + body.replace('192.0.2.1:80', 'x:80'), undefined],
    'listening socket': [
      head + body.replace('198.51.100.7:4711', '0.0.0.0:0').replace('UNKNOWN', 'TCP_LISTEN'),
      {
        direction: 'sent',
        family: 'IPv4',
        localAddress: '192.0.2.1',
        localPort: 80,
        state: 'TCP_LISTEN',
        reason: 'NO_SOCKET',
      },
    ],
    'listening on any': [
      head + body.replace('192.0.2.1:80', '[::]:80').replace('198.51.100.7:4711', '[::]:0'),
      { direction: 'sent', localPort: 80, state: 'UNKNOWN', reason: 'NO_SOCKET' },
    ],
    IPv6: [
      head + body.replace('192.0.2.1:80', '[2001:db8::1]:80').replace('198.51.100.7', '[2001:db8::2]'),
      { ...event, family: 'IPv6', localAddress: '2001:db8::1', peer: '2001:db8::2' },
    ],
    'IPv4 as IPv6': [
      head +
        body
          .replace('192.0.2.1:80', '[::ffff:192.0.2.1]:80')
          .replace('198.51.100.7', '[::ffff:198.51.100.7]'),
      event,
    ],
    'own process, caught at it': [
      `         nginx: w-4711    [001] .....  12.5: tcp_send_reset: ${active}`,
      { ...event, task: 'nginx: w' },
    ],
    'a name in UTF-8, read byte for byte': [
      `          ${Buffer.from('zähler').toString('latin1')}-4711    [001] .....  12.5: tcp_send_reset: ${active}`,
      { ...event, task: 'zähler' },
    ],
    'own process with tgid': [
      `           nginx-4711    (   4711) [001] .....  12.5: tcp_send_reset: ${active}`,
      { ...event, task: 'nginx' },
    ],
    'four flags': [
      `           nginx-4711    [001] d...  12.5: tcp_send_reset: ${active}`,
      { ...event, task: 'nginx' },
    ],
    'in an interrupt: a bystander': [
      `           nginx-4711    [001] ..s2.  12.5: tcp_send_reset: ${active}`,
      event,
    ],
    'in answer to a packet: a bystander': [
      `           nginx-4711    [001] .....  12.5: tcp_send_reset: ${body}`,
      event,
    ],
    idle: [`          <idle>-0       [001] .....  12.5: tcp_send_reset: ${active}`, event],
    'a name with the shape of a head': [
      `  -1 [000] ..... -4711    [001] .....  12.5: tcp_send_reset: ${active}`,
      { ...event, task: '-1 [000] ..... ' },
    ],
  }
  for (const [name, [line, expected]] of Object.entries(cases))
    t.strictSame(told(parse(line)), expected, name)
})

t.test('no task name and no text makes another event of it, or crashes', async () => {
  const name = fc.string({ unit: 'binary', maxLength: 15 })
  fc.assert(
    fc.property(name, fc.nat(), (task, pid) => {
      const found = parse(`${task.padStart(16)}-${pid}    [001] .....  12.5: tcp_send_reset: ${body}`)
      return found !== undefined && JSON.stringify(found) === JSON.stringify(parse(head + body))
    }),
    { numRuns: 1000 },
  )
  const pieces = fc.constantFrom(
    ...head.split(/(?<= )/),
    ...body.split(/(?<= )/),
    '=',
    ':',
    '[',
    ']',
    '\0',
    '\ud800',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 30 }).map(all => all.join('')),
  )
  fc.assert(
    fc.property(text, line => {
      const found = parse(line)
      return (
        found === undefined ||
        (/^[\w.:]*$/.test(`${found.peer ?? ''}${found.reason}${found.state}`) && found.localPort <= 65535)
      )
    }),
    { numRuns: 3000 },
  )
})
