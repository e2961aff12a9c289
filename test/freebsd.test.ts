import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type RunningPlugin, startPlugin, valuesOf } from './built-plugin'
import {
  fixture,
  isRunning,
  NETSTAT_14,
  type StandIn,
  standInNetstat,
  withCounters,
} from './stand-in-netstat'

// The built plugin as it runs on FreeBSD, as far as that can be tried elsewhere: process.platform is overridden from
// outside, and a program of ours called netstat stands in for the real one.

type Test = Parameters<typeof standInNetstat>[0] & Parameters<typeof startPlugin>[0]

const startOnFreebsd = (t: Test, netstat: StandIn, seconds = 1): RunningPlugin =>
  startPlugin(t, {}, [`${seconds}`], netstat.plugin)

const readings = (stdout: string): number => valuesOf(stdout, 'received').length
const microseconds = (stdout: string): number[] =>
  [...stdout.matchAll(/BEGIN ipv4\.tcp_resets (\d+)/g)].map(match => Number(match[1]))

t.test('the first two ticks: no sent, each tick in one write', async t => {
  const netstat = standInNetstat(t)
  const running = startOnFreebsd(t, netstat)
  const writes: string[] = []
  running.child.stdout?.on('data', text => writes.push(text))
  await running.until(stdout => readings(stdout) >= 2)
  const values = `SET received_half_open = 1504
SET received_ignored = 1448
SET listen_overflow = 1441
SET sent_after_close = 1301
SET sent_persist_timeout = 1420
SET sent_timeout_at_least = 0
END
`
  t.equal(
    running
      .stdout()
      .replace(/^(BEGIN \S+) \d{6,7}$/gm, '$1 <time>')
      .replace(/(measured_t =) \d{10}$/m, '$1 <seconds>'),
    `CHART ipv4.tcp_resets '' 'TCP resets received, IPv4 and IPv6 together (an estimate; FreeBSD counts those sent only in part)' 'resets/s' 'tcp' ipv4.tcp_resets line 5231 1 '' tcp_resets netstat
DIMENSION received '' incremental 1 1
CLABEL namespace 'host' 1
CLABEL source 'netstat' 1
CLABEL received 'estimated' 1
CLABEL_COMMIT
BEGIN ipv4.tcp_resets
SET received = 0
END
CHART ipv4.tcp_reset_causes '' 'TCP resets that FreeBSD counts: received half open or ignored; sent for data after a close and at timeouts; full listen queues' 'resets/s' 'tcp' ipv4.tcp_reset_causes line 5232 1 '' tcp_resets netstat
DIMENSION received_half_open '' incremental 1 1
DIMENSION received_ignored '' incremental 1 1
DIMENSION listen_overflow '' incremental 1 1
DIMENSION sent_after_close '' incremental 1 1
DIMENSION sent_persist_timeout '' incremental 1 1
DIMENSION sent_timeout_at_least '' incremental 1 1
CLABEL namespace 'host' 1
CLABEL source 'netstat' 1
CLABEL received 'estimated' 1
CLABEL_COMMIT
BEGIN ipv4.tcp_reset_causes
${values}VARIABLE HOST tcp_resets_measured_t = <seconds>
VARIABLE HOST tcp_resets_update_every = 1
BEGIN ipv4.tcp_resets <time>
SET received = 0
END
BEGIN ipv4.tcp_reset_causes <time>
${values}`,
  )
  for (const write of writes)
    t.match(
      write,
      /^(CHART|BEGIN) ipv4.tcp_resets [\s\S]*tcp_reset_causes[\s\S]*\nEND\n(VARIABLE HOST .*\n)*$/,
    )
  t.equal(running.stderr(), '', 'nothing to say')
  t.strictSame([...new Set(netstat.runs())], ['-s -p tcp --libxo json'])
})

t.test('counts what the kernel counted, above 2^53 and across a reset of its counters', async t => {
  const netstat = standInNetstat(t)
  const from = 2n ** 63n
  netstat.prints(withCounters({ 'connection-drops': from }))
  const running = startOnFreebsd(t, netstat)
  await running.until(stdout => readings(stdout) >= 1)
  netstat.prints(
    withCounters({ 'connection-drops': from + 9n, 'connections-dropped-by-keepalives': 1106, reset: 1506 }),
  )
  await running.until(stdout => valuesOf(stdout, 'received').includes(10n))
  netstat.prints(withCounters({ 'connection-drops': 3, reset: 0 }))
  await running.until(stdout => valuesOf(stdout, 'received_half_open').includes(0n))
  netstat.prints(withCounters({ 'connection-drops': 5, reset: 0 }))
  await running.until(stdout => valuesOf(stdout, 'received').includes(12n))
  t.strictSame([...new Set(valuesOf(running.stdout(), 'received'))], [0n, 10n, 12n])
})

t.test('whatever netstat does is a gap, told when it starts and ends, and the true time since', async t => {
  const cases: Record<string, [line: string, message: string]> = {
    slow: ['exec sleep 60', 'took longer than 900 ms and was killed'],
    failing: ['echo no >&2; exit 1', 'ended with 1: no'],
    garbage: ['head -c 500 /dev/urandom | tr -d "{"', 'printed no usable tcps_connattempt'],
    growing: ['exec cat /dev/zero', 'printed more than 262144 bytes and was killed'],
  }
  const netstat = standInNetstat(t)
  const running = startOnFreebsd(t, netstat)
  await running.until(stdout => readings(stdout) >= 1)
  for (const [name, [line, message]] of Object.entries(cases)) {
    netstat.does(line)
    await running.until((_, stderr) => stderr.includes(message))
    const before = readings(running.stdout())
    // One more netstat that fails, from its start to its end.
    for (const runs = netstat.runs().length; netstat.runs().length < runs + 2; ) await sleep(20)
    t.equal(readings(running.stdout()), before, `${name}: no value is made up`)
    netstat.prints(fixture(NETSTAT_14))
    await running.until(stdout => readings(stdout) > before)
    const since = microseconds(running.stdout())[before - 1] ?? 0
    t.ok(since > 1_900_000, `${name}: ${since} µs since the value before`)
  }
  t.match(
    running.stderr(),
    /^(\S+ \S+ ERROR: source netstat: .*\n\S+ \S+ NOTICE: source netstat: works again\n){4}$/,
  )
  t.notOk(netstat.runs().includes('overlap'), 'never two at once')
})

t.test('the time of a value is that of its reading', async t => {
  const netstat = standInNetstat(t)
  const running = startOnFreebsd(t, netstat)
  await running.until(stdout => readings(stdout) >= 2)
  netstat.does('sleep 0.5; exec cat output')
  const before = readings(running.stdout())
  await running.until(stdout => readings(stdout) >= before + 2)
  netstat.does('exec cat output')
  await running.until(stdout => readings(stdout) >= before + 4)
  const times = microseconds(running.stdout()).slice(before - 1)
  t.ok(Math.max(...times) > 1_300_000 && Math.min(...times) < 700_000, `later once, then earlier: ${times}`)
  t.equal(running.stderr(), '')
})

t.test('a tick of several seconds', async t => {
  const netstat = standInNetstat(t)
  netstat.does('sleep 1.2; exec cat output')
  const running = startOnFreebsd(t, netstat, 2)
  await running.until(stdout => readings(stdout) >= 2)
  t.match(running.stdout(), ' 5231 2 ')
  t.equal(running.stderr(), '', 'has the whole of it to answer')
})

t.test('ends at once, and its netstat with it', async t => {
  for (const end of ['SIGTERM', 'stdin'] as const) {
    const netstat = standInNetstat(t)
    netstat.does('exec sleep 60')
    const running = startOnFreebsd(t, netstat, 60)
    while (netstat.runs().length === 0) await sleep(20)
    await sleep(100)
    if (end === 'stdin') running.child.stdin?.end()
    else running.child.kill('SIGTERM')
    t.equal(await running.ended, 0, end)
    for (let tries = 0; isRunning(netstat.pid()) && tries < 1500; tries++) await sleep(20)
    t.notOk(isRunning(netstat.pid()), 'its netstat is gone')
    t.equal(running.stderr(), '')
  }
})

t.test('a netstat of another release than the kernel: one line, DISABLE, exit 1', async t => {
  const cases: Record<string, [kernel: string, userland: string, line: RegExp]> = {
    newer: [
      '1302001',
      '1401000',
      /kernel is of FreeBSD 13 .* netstat of FreeBSD 14 .*: it would show wrong numbers/,
    ],
    older: [
      '1401000',
      '1302001',
      /kernel is of FreeBSD 14 .* netstat of FreeBSD 13 .*: it would get no numbers/,
    ],
  }
  for (const [name, [kernel, userland, line]] of Object.entries(cases)) {
    const netstat = standInNetstat(t)
    netstat.releases(kernel, userland)
    const running = startOnFreebsd(t, netstat)
    t.equal(await running.ended, 1, name)
    t.equal(running.stdout(), 'DISABLE\n')
    t.match(running.stderr(), line)
    t.match(running.stderr(), /^\S+ \S+ ERROR: [^\n]*; bring .* to one release, then restart Netdata\n$/)
    t.strictSame(netstat.runs(), [], 'it is not even asked')
  }
})

t.test('another patch level, or a uname that does not say, is no reason to measure nothing', async t => {
  for (const [kernel, userland] of [
    ['1302001', '1300139'],
    ['1401000', ''],
  ] as const) {
    const netstat = standInNetstat(t)
    netstat.releases(kernel, userland)
    const running = startPlugin(t, { UNAME_K: '1000000' }, ['1'], netstat.plugin)
    await running.until(stdout => readings(stdout) >= 1)
    t.equal(running.stderr(), '')
  }
})

t.test('no netstat: one line, DISABLE, exit 1', async t => {
  const netstat = standInNetstat(t)
  rmSync(netstat.file)
  const running = startPlugin(t, { PATH: '/nowhere' }, ['1'], netstat.plugin)
  t.equal(await running.ended, 1)
  t.equal(running.stdout(), 'DISABLE\n')
  t.match(running.stderr(), /^\S+ \S+ ERROR: there is no netstat on PATH \([^\n]*\)\n$/)
})
