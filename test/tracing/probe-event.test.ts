import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { ipv4Text, ipv6Text } from '../../plugin/tracing/addresses'
import type { Direction, ResetEvent } from '../../plugin/tracing/event'
import { probeParser } from '../../plugin/tracing/probe-event'

const kernels = join(__dirname, '..', 'fixtures', 'probes')
const REASONS = new Map([
  [1, 'NO_SOCKET'],
  [14, 'TCP_DISCONNECT_WITH_DATA'],
])

const lines = (kernel: string, direction: Direction): string[] =>
  readFileSync(join(kernels, kernel, `${direction}.trace`), 'latin1')
    .trimEnd()
    .split('\n')

/** The event without what the kernel does not say. */
const told = (event: ResetEvent | undefined): unknown => event && JSON.parse(JSON.stringify(event))

const local4 = { family: 'IPv4', localAddress: '127.0.0.1', peer: '127.0.0.1' } as const
const local6 = { family: 'IPv6', localAddress: '::1', peer: '::1' } as const
const SERVER = 4000

/**
 * Three refused connects to port 9 and two connections to port 4000 that the client aborted: what each kernel's events told
 * of them.
 *
 * @param ports of the client, in their order
 */
function expected(namespace: number, ports: readonly number[], reasons: readonly [string?, string?] = []) {
  const [closed, aborted] = reasons.map(reason => reason && { reason })
  const families = [local4, local6, local4, local4, local6]
  const isRefused = (at: number): boolean => at < 3
  return {
    sent: ports.map((port, at) =>
      isRefused(at)
        ? {
            direction: 'sent',
            namespace,
            ...closed,
            state: 'UNKNOWN',
            ...families[at],
            localPort: 9,
            peerPort: port,
          }
        : {
            direction: 'sent',
            namespace,
            ...aborted,
            state: 'TCP_CLOSE',
            ...families[at],
            localPort: port,
            peerPort: SERVER,
            task: 'node',
          },
    ),
    received: ports.map((port, at) =>
      isRefused(at)
        ? {
            direction: 'received',
            namespace,
            state: 'TCP_SYN_SENT',
            ...families[at],
            localPort: port,
            peerPort: 9,
          }
        : {
            direction: 'received',
            namespace,
            state: 'TCP_ESTABLISHED',
            ...families[at],
            localPort: SERVER,
            peerPort: port,
          },
    ),
  }
}

const CAPTURED = {
  '5.10.0-32-cloud-amd64': expected(4026531991, [41528, 60946, 41534, 52236, 35162]),
  '6.1.0-50-cloud-amd64': expected(4026531846, [32772, 59894, 32780, 37598, 34180]),
  '6.12.117+deb13-cloud-amd64': expected(
    4026531846,
    [36322, 39714, 36328, 37176, 46658],
    ['NO_SOCKET', 'TCP_DISCONNECT_WITH_DATA'],
  ),
}

t.test('the captured text of each kernel', async t => {
  for (const [kernel, events] of Object.entries(CAPTURED))
    for (const direction of ['sent', 'received'] as const) {
      const parse = probeParser(direction, REASONS)
      t.same(
        lines(kernel, direction).map(line => told(parse(line))),
        events[direction],
        `${kernel} ${direction}`,
      )
    }
})

t.test('which resets TCP surely ignored', async t => {
  const [, , , established = ''] = lines('6.1.0-50-cloud-amd64', 'received')
  const parse = probeParser('received', REASONS)
  const ignored = (line: string) => parse(line)?.ignored
  const next = (by: number) => established.replace('next=2288008319', `next=${2288008319 + by}`)
  t.equal(ignored(established), undefined, 'it fits exactly')
  t.equal(ignored(next(1)), true, 'one too early')
  t.equal(ignored(next(-1000)), true, 'inside the window: challenged')
  t.equal(ignored(next(-1000).replace('sacks=0', 'sacks=1')), undefined, 'behind data out of order')
  t.equal(
    ignored(next(1).replace('state=1', 'state=8')),
    undefined,
    'one too early, after the FIN of the peer',
  )
  t.equal(ignored(established.replace('state=1', 'state=10')), true, 'to a listening socket')
  t.equal(ignored(established.replace('state=1', 'state=2').replace('flags=0x14', 'flags=0x4')), true)
  t.equal(probeParser('sent', REASONS)(established), undefined, 'not of this direction')
})

t.test('a reason without a name, a state without a name', async t => {
  const [line = ''] = lines('6.12.117+deb13-cloud-amd64', 'sent')
  const parse = probeParser('sent', REASONS)
  t.equal(parse(line.replace('reason=1', 'reason=99'))?.reason, 'UNKNOWN_99')
  const [received = ''] = lines('6.1.0-50-cloud-amd64', 'received')
  t.equal(probeParser('received', REASONS)(received.replace('state=2', 'state=77')), undefined)
})

t.test('behind IP options there are ports, and no addresses', async t => {
  const [line = ''] = lines('6.1.0-50-cloud-amd64', 'received')
  const parse = probeParser('received', REASONS)
  const event = parse(line.replace('0x2800004500080000', '0x2800004600080000'))
  t.match(event, { family: 'IPv4', localPort: 32772, peerPort: 9 })
  t.equal(event?.peer, undefined)
})

t.test('a cut or forged line is no event, and a changed one no crash', async () => {
  const all = Object.keys(CAPTURED).flatMap(kernel => lines(kernel, 'sent').concat(lines(kernel, 'received')))
  const parsers = [probeParser('sent', REASONS), probeParser('received', REASONS)]
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.nat(400), fc.string({ maxLength: 4 }), (line, at, text) => {
      const changed = line.slice(0, at) + text + line.slice(at + text.length)
      return parsers.every(parse => {
        const event = parse(changed)
        if (event === undefined) return true
        const ports = [event.localPort, event.peerPort ?? 0]
        return ports.every(port => Number.isInteger(port) && port >= 0 && port <= 65_535)
      })
    }),
    { numRuns: 5000 },
  )
})

t.test('a process can not forge an event by its name', async t => {
  const [line = ''] = lines('6.1.0-50-cloud-amd64', 'sent')
  const forged = line.replace('node-93', 'x: abort: (a) i-93')
  t.match(probeParser('sent', REASONS)(forged), { state: 'UNKNOWN', localPort: 9 })
})

t.test('addresses as RFC 5952 spells them', async t => {
  const text = (hex: string): string => ipv6Text(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 0)
  t.equal(text('2001 0db8 0000 0000 0001 0000 0000 0001'), '2001:db8::1:0:0:1', 'the first of two rows')
  t.equal(text('2001 0db8 0000 0001 0001 0001 0001 0001'), '2001:db8:0:1:1:1:1:1', 'one zero stays')
  t.equal(text('0000 0000 0000 0000 0000 0000 0000 0000'), '::')
  t.equal(text('0000 0000 0000 0000 0000 0000 0000 0001'), '::1')
  t.equal(text('fe80 0000 0000 0000 0000 0000 0000 0000'), 'fe80::')
  t.equal(text('0000 0000 0000 0000 0000 ffff c000 0201'), '192.0.2.1', 'mapped')
  t.equal(ipv4Text(Buffer.from([0, 192, 0, 2, 1]), 1), '192.0.2.1')
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), bytes => {
      const spelled = ipv6Text(Buffer.from(bytes), 0)
      const url = new URL(`http://[${spelled.includes('.') ? `::ffff:${spelled}` : spelled}]/`).hostname
      return spelled.includes('.') || url === `[${spelled}]`
    }),
  )
})
