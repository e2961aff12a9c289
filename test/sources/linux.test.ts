import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { linuxSource, tcpSource } from '../../plugin/sources/linux'
import { openSource } from '../../plugin/sources/open'

const kernel = join(__dirname, '..', 'fixtures', 'kernels', '6.12.107+deb13-amd64')

/** A host root of copied files, as it is when Netdata runs in a container. */
function hostRoot(t: { testdir(): string }): string {
  const prefix = t.testdir()
  mkdirSync(join(prefix, 'proc', 'net'), { recursive: true })
  for (const file of ['snmp', 'netstat']) cpSync(join(kernel, file), join(prefix, 'proc', 'net', file))
  return prefix
}

function setCounter(path: string, label: string, column: string, value: bigint | string): void {
  writeFileSync(path, withCounter(readFileSync(path, 'latin1'), label, column, value), 'latin1')
}

function withCounter(text: string, label: string, column: string, value: bigint | number | string): string {
  const lines = text.split('\n')
  const header = lines.findIndex(line => line.startsWith(`${label}: `))
  const values = lines[header + 1]?.split(' ') ?? []
  values[lines[header]?.split(' ').indexOf(column) ?? -1] = String(value)
  lines[header + 1] = values.join(' ')
  return lines.join('\n')
}

t.test('reads the running kernel', { skip: process.platform !== 'linux' && 'needs Linux' }, async t => {
  const source = openSource('linux', '')
  t.teardown(() => source.close())
  const { counters, fault } = source.read()
  t.equal(fault, undefined)
  t.equal(Object.keys(counters).length, 17, 'every counter has a value')
  t.ok((source.read().counters.OutRsts ?? -1n) >= (counters.OutRsts ?? 0n), 'counters only rise')
})

t.test('reads below the prefix, new values at every read', async t => {
  const prefix = hostRoot(t)
  const source = linuxSource(prefix)
  t.teardown(() => source.close())
  setCounter(join(prefix, 'proc/net/snmp'), 'Tcp', 'OutRsts', 7n)
  const { counters } = source.read()
  t.equal(counters.OutRsts, 7n)
  t.equal(source.read().counters, counters, 'nothing moved: the same object')
  setCounter(join(prefix, 'proc/net/snmp'), 'Tcp', 'OutRsts', 18446744073709551615n)
  t.equal(source.read().counters.OutRsts, 18446744073709551615n)
})

t.test('a reset that comes between the two reads is in both files or in none', async t => {
  const [snmp, netstat] = ['snmp', 'netstat'].map(file => readFileSync(join(kernel, file), 'latin1'))
  let resets = 0
  /** Resets that come before each read. */
  let before: number[] = []
  const file = (text: string, label: string, column: string) => ({
    path: label,
    read() {
      resets += before.shift() ?? 0
      return withCounter(text, label, column, resets)
    },
    close() {},
  })
  const source = tcpSource(
    file(snmp ?? '', 'Tcp', 'OutRsts'),
    file(netstat ?? '', 'TcpExt', 'TCPAbortOnClose'),
  )
  const read = (...rises: number[]) => {
    before = rises
    const { OutRsts, TCPAbortOnClose } = source.read().counters
    return [OutRsts, TCPAbortOnClose]
  }
  t.strictSame(read(), [0n, 0n])
  t.strictSame(read(0, 1), [1n, 1n], 'read again')
  t.strictSame(read(0, 1, 1), [3n, 3n], 'and both, when another came meanwhile')
})

t.test('a file that goes is a gap with its name, and comes back', async t => {
  const prefix = hostRoot(t)
  const snmp = join(prefix, 'proc/net/snmp')
  const netstat = join(prefix, 'proc/net/netstat')
  const source = linuxSource(prefix)
  t.teardown(() => source.close())
  const whole = source.read()

  renameSync(netstat, `${netstat}.away`)
  const half = source.read()
  t.equal(half.counters.OutRsts, whole.counters.OutRsts, 'the other file is still read')
  t.notOk('TCPAbortOnData' in half.counters)
  t.match(half.fault, netstat)

  renameSync(join(prefix, 'proc'), join(prefix, 'away'))
  const none = source.read()
  t.strictSame(none.counters, {})
  t.match(none.fault, snmp)

  renameSync(join(prefix, 'away'), join(prefix, 'proc'))
  renameSync(`${netstat}.away`, netstat)
  t.strictSame(source.read(), whole)

  rmSync(snmp)
  mkdirSync(snmp)
  t.match(source.read(), { counters: {}, fault: /EISDIR/ }, 'a directory in its place')
})

t.test('a damaged file is a gap that says where', async t => {
  const prefix = hostRoot(t)
  const snmp = join(prefix, 'proc/net/snmp')
  const source = linuxSource(prefix)
  t.teardown(() => source.close())
  const whole = readFileSync(snmp)

  writeFileSync(snmp, whole.subarray(0, whole.indexOf('\nUdp:')))
  t.match(source.read(), { counters: {}, fault: `${snmp}: no complete pair of "Tcp:" lines` })
  writeFileSync(snmp, '')
  t.match(source.read(), { counters: {}, fault: snmp })
  writeFileSync(snmp, whole)
  setCounter(snmp, 'Tcp', 'OutRsts', '-')
  const { counters, fault } = source.read()
  t.notOk('OutRsts' in counters)
  t.ok('EstabResets' in counters, 'its neighbours are fine')
  t.equal(fault, `${snmp}: no usable column OutRsts`)
  writeFileSync(snmp, Buffer.concat([whole, Buffer.alloc(40_000, 'x')]))
  t.equal(source.read().fault, undefined, 'longer than the first buffer')
  writeFileSync(snmp, Buffer.alloc(2_000_000, 'x'))
  t.match(source.read(), { counters: {}, fault: /larger than/ })
})

t.test('what can never work is said at once', async t => {
  t.throws(() => linuxSource(t.testdir()), /proc\/net\/snmp is not there/)
  t.throws(() => openSource('sunos', ''), /sunos/)
})
