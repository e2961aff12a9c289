import fc from 'fast-check'
import t from 'tap'
import { PRINTED_ALWAYS, parseNetstat } from '../../plugin/sources/freebsd-counters'
import { fixture, NETSTAT_14 } from '../stand-in-netstat'

const json = (tcp: string): string => `{"statistics": {"tcp": {${tcp}}}}`

t.test('reads what netstat of each release prints', async t => {
  const expected: Record<string, Record<string, string>> = JSON.parse(fixture('outputs/expected.json'))
  t.ok(Object.keys(expected).length >= 39)
  for (const [name, ten] of Object.entries(expected)) {
    const found = parseNetstat(fixture(`outputs/${name}`)) ?? {}
    const { tcps_progdrops, tcps_rcvafterclose, ...others } = found
    t.strictSame(
      others,
      Object.fromEntries(Object.entries(ten).map(([key, value]) => [key, BigInt(value)])),
      name,
    )
    // The text of a release has the values of its JSON; FreeBSD 10 has text only, with the values of 11.
    const twin = name.replace(/^10\.1/, '11.0').replace(/txt$/, 'json')
    const { tcp } = JSON.parse(fixture(`outputs/${twin}`)).statistics
    t.equal(tcps_rcvafterclose, BigInt(tcp['received-after-close-packets']), name)
    const progress = tcp['connections-dropped-due-to-progress-time']
    t.equal(tcps_progdrops, progress === undefined ? undefined : BigInt(progress), name)
  }
  const indented = JSON.stringify(JSON.parse(fixture(NETSTAT_14)), undefined, 2)
  t.strictSame(parseNetstat(indented), parseNetstat(fixture(NETSTAT_14)), '--libxo json,pretty')
})

t.test('knows the lines of real text', async t => {
  t.strictSame(parseNetstat(fixture('real-13-stable.txt')), {
    tcps_connattempt: 0n,
    tcps_accepts: 0n,
    tcps_drops: 0n,
    tcps_rcvafterclose: 0n,
    tcps_badrst: 0n,
    tcps_listendrop: 0n,
  })
  const { tcps_sc_reset, ...others } = parseNetstat(fixture('real-14-current.txt')) ?? {}
  t.equal(tcps_sc_reset, undefined, 'the public report ends before it')
  t.strictSame(Object.keys(others).sort(), PRINTED_ALWAYS.filter(name => name !== 'tcps_sc_reset').sort())
})

t.test('values or gaps, never a wrong number', async t => {
  const cases: Record<string, [string, Record<string, bigint> | undefined]> = {
    'largest u64': [json('"connection-drops":18446744073709551615'), { tcps_drops: 18446744073709551615n }],
    'since FreeBSD 14': [json('"connections-dropped-due-to-progress-time":1112'), { tcps_progdrops: 1112n }],
    'since FreeBSD 14, as text': [
      '\t1 connection dropped due to exceeding progress time\n',
      { tcps_progdrops: 1n },
    ],
    'above 2^53': [json('"connection-drops":9007199254740993'), { tcps_drops: 9007199254740993n }],
    'above u64': [json('"connection-drops":18446744073709551616'), {}],
    'in quotes': [json('"connection-drops":"42"'), { tcps_drops: 42n }],
    negative: [json('"connection-drops":-1'), {}],
    fraction: [json('"connection-drops":1.5'), {}],
    'with an exponent': [json('"connection-drops":1e3'), {}],
    'not a number': [json('"connection-drops":null,"ignored-in-window-resets":true'), {}],
    'an object': [json('"connection-drops":{"reset":1}'), {}],
    'reset elsewhere': [json('"reset":1,"hostcache":{"reset":2}'), {}],
    'syncache is a list': [json('"syncache":[1,2]'), {}],
    'digits in strings': [
      json('"note":"say \\" 123, 12345678901234567890","connection-drops":3'),
      { tcps_drops: 3n },
    ],
    'no tcp': ['{"statistics": {}}', undefined],
    'tcp is null': ['{"statistics": {"tcp": null}}', {}],
    'other protocol': ['{"statistics": {"udp": {"connection-drops": 1}}}', undefined],
    'a proto': ['{"__proto__": {"statistics": {"tcp": {"connection-drops": 1}}}}', undefined],
    'cut off': [fixture(NETSTAT_14).slice(0, 3000), undefined],
    'two documents': [`${fixture(NETSTAT_14)}${fixture(NETSTAT_14)}`, undefined],
    'text cut off in a number': ['tcp:\n\t53 embryonic connections dropped\n\t\t1', { tcps_conndrops: 53n }],
    'text repeated': ['\t1 listen queue overflow\n\t2 listen queue overflows\n', {}],
    'text of Linux': ['Tcp:\n    4436 failed connection attempts\n    3264 connection resets received\n', {}],
    'text above u64': ['\t18446744073709551616 listen queue overflows\n', {}],
    empty: ['', {}],
    garbage: ['\0\xff{\n', {}],
  }
  for (const [name, [output, expected]] of Object.entries(cases)) {
    t.strictSame(parseNetstat(output), expected, name)
  }
})

t.test('no output crashes it, and what it finds is a u64', async () => {
  const words = fc.constantFrom(
    '{"statistics":{"tcp":{',
    '"connection-drops":',
    '"syncache":{"reset":',
    '18446744073709551616',
    '-0',
    '1',
    '"',
    '\\',
    '}',
    ',',
    '\t1 listen queue overflow\n',
    '\t\t2 reset\n',
    '\n',
  )
  const outputs = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.array(words, { maxLength: 30 }).map(all => all.join('')),
    fc.nat(5000).map(length => fixture(NETSTAT_14).slice(0, length)),
    fc.nat(5000).map(length => fixture('outputs/14s-20241026.distinct.txt').slice(0, length)),
  )
  fc.assert(
    fc.property(outputs, output =>
      Object.values(parseNetstat(output) ?? {}).every(value => value >= 0n && value < 1n << 64n),
    ),
    { numRuns: 2000 },
  )
})

t.test('any u64 comes out as it went in, in either form', async () => {
  const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
  fc.assert(
    fc.property(u64, value => {
      const text = `\t9 connections closed (including ${value} drop${value === 1n ? '' : 's'})\n`
      const outputs = [json(`"connections-closed":9,"connection-drops":${value}`), text]
      return outputs.every(output => parseNetstat(output)?.tcps_drops === value)
    }),
  )
})
