import { deepStrictEqual as deepEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { resetsChart } from '../../plugin/charts/resets'
import { type ChartDefinition, chartWriter } from '../../plugin/netdata/chart'

const chart: ChartDefinition = {
  type: 'ipv4',
  id: 'x',
  title: 'A title',
  units: 'things/s',
  family: 'tcp',
  context: 'ipv4.x',
  style: 'line',
  priority: 1,
  module: 'proc',
  dimensions: [
    { id: 'a', algorithm: 'incremental' },
    { id: 'b', algorithm: 'absolute' },
  ],
  labels: { name: 'value' },
}

t.test('the first ticks of the resets chart', async t => {
  const write = chartWriter(resetsChart('proc'), 'tcp_resets', 1)
  t.equal(
    write({ sent: 62n, received: 0n }, 500.25) +
      write({ sent: 62n, received: 1n }, 1000) +
      write({ sent: 64n, received: 1n }, 2000.1234),
    `CHART ipv4.tcp_resets '' 'TCP resets of one network namespace, IPv4 and IPv6 together (received is an estimate)' 'resets/s' 'tcp' ipv4.tcp_resets line 5231 1 '' tcp_resets proc
DIMENSION sent '' incremental 1 1
DIMENSION received '' incremental 1 1
CLABEL namespace 'host' 1
CLABEL source 'proc' 1
CLABEL received 'estimated' 1
CLABEL_COMMIT
BEGIN ipv4.tcp_resets
SET sent = 62
SET received = 0
END
BEGIN ipv4.tcp_resets 499750
SET sent = 62
SET received = 1
END
BEGIN ipv4.tcp_resets 1000123
SET sent = 64
SET received = 1
END
`,
  )
})

t.test('gaps', async t => {
  const write = chartWriter(chart, 'p', 1)
  t.equal(write({}, 0), '', 'nothing to show yet: no chart yet')
  t.match(write({ a: 1n }, 1000), /^CHART [\s\S]*\nBEGIN ipv4\.x\nSET a = 1\nEND\n$/)
  t.equal(write({ a: undefined, b: undefined }, 2000), '')
  t.equal(write({ a: 1n }, 3000), 'BEGIN ipv4.x 2000000\nSET a = 1\nEND\n', 'as it was before the gap')
  t.equal(write({ b: 2n }, 4000), 'BEGIN ipv4.x 1000000\nSET b = 2\nEND\n', 'time since its last BEGIN')
})

t.test('a chart that is taken down, and is there again', async t => {
  const write = chartWriter(chart, 'p', 1)
  t.equal(write.retire(), '', 'it was never there')
  const first = write({ a: 1n }, 0)
  write({ a: 2n }, 1000)
  t.equal(write.retire(), "CHART ipv4.x '' 'A title' 'things/s' 'tcp' ipv4.x line 1 1 'obsolete' p proc\n")
  t.equal(write.retire(), '', 'once')
  t.equal(write({ a: 1n }, 90_000), first, 'defined anew, with no time since it was taken down')
})

t.test('a u64 above the protocol’s signed 64 bits wraps, so that its rise stays right', async t => {
  const write = chartWriter(chart, 'p', 1)
  t.match(write({ a: (1n << 64n) - 1n }, 0), /SET a = -1\n/)
  t.match(write({ a: 1n << 63n }, 1000), /SET a = -9223372036854775808\n/)
})

t.test('a chart that grows: a counter that is new stood at 0 before', async t => {
  const write = chartWriter({ ...chart, dimensions: [], labels: {}, grows: true }, 'p', 1)
  t.equal(write({}, 0), '')
  t.equal(
    write({ a: 7n }, 0) +
      write({ a: 9n }, 1000) +
      write({ a: 9n, b: 300n }, 2000) +
      write({ a: 9n, b: 301n }, 3000),
    `CHART ipv4.x '' 'A title' 'things/s' 'tcp' ipv4.x line 1 1 '' p proc
DIMENSION a '' incremental 1 1
CLABEL_COMMIT
BEGIN ipv4.x
SET a = 0
END
BEGIN ipv4.x 1000000
SET a = 9
END
CHART ipv4.x '' 'A title' 'things/s' 'tcp' ipv4.x line 1 1 '' p proc
DIMENSION a '' incremental 1 1
DIMENSION b '' incremental 1 1
CLABEL_COMMIT
BEGIN ipv4.x 1000000
SET a = 9
SET b = 0
END
BEGIN ipv4.x 1000000
SET a = 9
SET b = 301
END
`,
  )
  t.equal(write({ c: undefined }, 4000), '', 'nothing new, nothing to show')
  const fixed = chartWriter(chart, 'p', 1)
  t.notMatch(fixed({ a: 1n, z: 1n }, 0), / z /, 'a chart that does not grow')
})

t.test('no text from outside ends a word or a line, or is too long', async () => {
  /** Netdata's own way to split a line: words, or anything between two equal quotes. */
  const words = (line: string): string[] => line.match(/'[^']*'|"[^"]*"|[^\s=]+/g) ?? []
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 1000 }),
    fc.string({
      unit: fc.constantFrom("'", '"', '\n', '\r', '\\', '=', ' ', 'D', '\0', '\u2028', '\ud800', '😀'),
    }),
    fc.constantFrom("x' 1\nDISABLE\n", 'a"b', '\\', '', ' ', '😀'.repeat(500)),
  )
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 9, maxLength: 9 }), texts => {
      const [type, id, title, units, family, context, dimension, label, value] = texts as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      const definition: ChartDefinition = {
        ...chart,
        ...{ type, id, title, units, family, context },
        dimensions: [{ id: dimension, algorithm: 'incremental' }],
        labels: { [label]: value },
      }
      const text = chartWriter(definition, 'p', 1)({ [dimension]: 1n }, 0)
      const lines = Buffer.from(text).toString().split('\n')
      deepEqual(
        lines.map(line => [words(line)[0], words(line).length]),
        [
          ['CHART', 13],
          ['DIMENSION', 6],
          ['CLABEL', 4],
          ['CLABEL_COMMIT', 1],
          ['BEGIN', 2],
          ['SET', 3],
          ['END', 1],
          [undefined, 0],
        ],
      )
      return lines.every(line => Buffer.byteLength(line) < 15_360)
    }),
    { numRuns: 500 },
  )
})
