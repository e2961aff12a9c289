import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { rowParser } from '../../plugin/sources/mib'

const kernels = join(__dirname, '..', 'fixtures', 'kernels')

t.test('reads real files of every captured kernel', async t => {
  for (const kernel of readdirSync(kernels)) {
    for (const [file, label, column] of [
      ['snmp', 'Tcp', 'OutRsts'],
      ['netstat', 'TcpExt', 'TCPAbortOnData'],
    ] as const) {
      const text = readFileSync(join(kernels, kernel, file), 'latin1')
      // An independent reading: names and values side by side, as a person would check it.
      const [names, values] = text.split('\n').filter(line => line.startsWith(`${label}: `))
      const all = names?.split(' ') ?? []
      const expected = values?.split(' ')[all.indexOf(column)]
      const row = rowParser(label, [column, 'NoSuchColumn'])(text)?.row
      t.equal(String(row?.[column]), expected, `${kernel} ${column}`)
      t.notOk(row && 'NoSuchColumn' in row, 'a column that is not there is absent')
    }
  }
})

t.test('values or gaps, never a wrong number', async t => {
  const cases: Record<string, [string, Record<string, bigint> | undefined]> = {
    plain: ['Tcp: A B\nTcp: 1 2\n', { A: 1n, B: 2n }],
    'after other rows': ['Ip: A\nIp: 9\nTcp: A B\nTcp: 1 2\nUdp: A\nUdp: 8\n', { A: 1n, B: 2n }],
    'new columns': ['Tcp: X A Y B Z\nTcp: 7 1 8 2 9\n', { A: 1n, B: 2n }],
    'missing column': ['Tcp: B\nTcp: 2\n', { B: 2n }],
    reordered: ['Tcp: B A\nTcp: 2 1\n', { A: 1n, B: 2n }],
    'repeated column': ['Tcp: A B A\nTcp: 1 2 3\n', { B: 2n }],
    'largest u64': ['Tcp: A B\nTcp: 18446744073709551615 0\n', { A: 18446744073709551615n, B: 0n }],
    'above u64': ['Tcp: A B\nTcp: 18446744073709551616 2\n', { B: 2n }],
    'above 2^53': ['Tcp: A B\nTcp: 9007199254740993 2\n', { A: 9007199254740993n, B: 2n }],
    negative: ['Tcp: A B\nTcp: -1 2\n', { B: 2n }],
    'not a number': ['Tcp: A B\nTcp: 0x1 2\n', { B: 2n }],
    'no value': ['Tcp: A B\nTcp:  2\n', { B: 2n }],
    'values cut off': ['Tcp: A B\nTcp: 1 2', undefined],
    'values cut off in a number': ['Tcp: A B\nTcp: 1', undefined],
    'fewer values': ['Tcp: A B\nTcp: 1\n', undefined],
    'more values': ['Tcp: A B\nTcp: 1 2 3\n', undefined],
    'header cut off': ['Tcp: A B', undefined],
    'header alone': ['Tcp: A B\n', undefined],
    'values of another row': ['Tcp: A B\nUdp: 1 2\n', undefined],
    'pair repeated': ['Tcp: A B\nTcp: 1 2\nTcp: A B\nTcp: 3 4\n', undefined],
    'label inside a longer one': ['MPTcp: A B\nMPTcp: 1 2\n', undefined],
    'label inside a longer one first': ['MPTcp: A B\nMPTcp: 3 4\nTcp: A B\nTcp: 1 2\n', { A: 1n, B: 2n }],
    empty: ['', undefined],
    garbage: ['\0\xff: \n\n', undefined],
  }
  for (const [name, [text, expected]] of Object.entries(cases)) {
    t.strictSame(rowParser('Tcp', ['A', 'B'])(text)?.row, expected, name)
  }
})

t.test('notices that the header changed between two reads', async t => {
  const parse = rowParser('Tcp', ['A', 'B'])
  t.strictSame(parse('Tcp: A B\nTcp: 1 2\n')?.row, { A: 1n, B: 2n })
  t.strictSame(parse('Tcp: B A\nTcp: 1 2\n')?.row, { A: 2n, B: 1n }, 'same length, other order')
  t.strictSame(parse('Tcp: B\nTcp: 5\n')?.row, { B: 5n })
})

t.test('is the same object as long as no wanted column moved', async t => {
  const parse = rowParser('Tcp', ['A', 'B'])
  const first = parse('Tcp: A X B\nTcp: 1 2 3\n')
  t.equal(parse('Tcp: A X B\nTcp: 1 9 3\n', first), first)
  t.not(parse('Tcp: A X B\nTcp: 1 9 3\n'), first, 'only for the one that it is told of')
  const moved = parse('Tcp: A X B\nTcp: 2 2 3\n', first)
  t.strictSame(
    [first?.row, moved?.row],
    [
      { A: 1n, B: 3n },
      { A: 2n, B: 3n },
    ],
    'what was given away does not change',
  )
  const other = parse('Tcp: B X A\nTcp: 2 2 3\n', moved)
  t.strictSame(other?.row, { A: 3n, B: 2n }, 'the same digits under other names')
})

t.test('no bytes crash it, and what it finds is a u64', async () => {
  const parse = rowParser('Tcp', ['A', 'B'])
  const words = fc.constantFrom(
    'Tcp:',
    'A',
    'B',
    '1',
    '18446744073709551616',
    '-1',
    '',
    ' ',
    '\n',
    '\0',
    '\r',
    'Tcp',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 30 }).map(all => all.join(' ')),
    fc.array(words, { maxLength: 30 }).map(all => `Tcp: ${all.join('')}\nTcp: ${all.join(' ')}\n`),
  )
  fc.assert(
    fc.property(texts, text => {
      const row = parse(text)?.row
      return Object.values(row ?? {}).every(value => value >= 0n && value < 1n << 64n)
    }),
    { numRuns: 2000 },
  )
})
