import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { freebsdSource } from '../../plugin/sources/freebsd'
import { FREEBSD_COUNTERS, PRINTED_ALWAYS } from '../../plugin/sources/freebsd-counters'
import type { Reading, SlowSource } from '../../plugin/sources/source'
import { fixture, isRunning, NETSTAT_14, standInNetstat, withCounters } from '../stand-in-netstat'

const reading = (source: SlowSource): Promise<Reading> =>
  new Promise(resolve => source.start(() => resolve(source.read())))

t.test('a new reading at every start, without a shell and with a small environment', async t => {
  const netstat = standInNetstat(t)
  const source = freebsdSource(netstat.bin, 5)
  t.teardown(source.close)
  t.strictSame(source.read(), { counters: {} }, 'nothing before the first start, and no fault')
  const { counters, fault } = await reading(source)
  t.equal(fault, undefined)
  t.strictSame(Object.keys(counters).sort(), [...FREEBSD_COUNTERS].sort())
  netstat.prints(fixture('outputs/12.2s.distinct.json'))
  const before14 = await reading(source)
  t.equal(before14.fault, undefined, 'what only later releases have is not missed')
  t.strictSame(Object.keys(before14.counters).sort(), [...PRINTED_ALWAYS].sort())
  netstat.prints(withCounters({ 'connection-drops': 18446744073709551615n }))
  t.equal((await reading(source)).counters.tcps_drops, 18446744073709551615n)
  t.strictSame(netstat.runs(), Array(3).fill('-s -p tcp --libxo json'))

  process.env.LIBXO_OPTIONS = 'xml'
  t.teardown(() => delete process.env.LIBXO_OPTIONS)
  netstat.does('env >&2; exit 3')
  t.notMatch((await reading(source)).fault, 'LIBXO')
})

t.test('text where there is no libxo, and back', async t => {
  const netstat = standInNetstat(t)
  const source = freebsdSource(netstat.bin, 5)
  t.teardown(source.close)
  netstat.prints(fixture('outputs/14s-20241026.distinct.txt'))
  netstat.does(
    'case "$*" in *libxo*) echo "netstat: illegal option -- -" >&2; exit 1;; esac; exec cat output',
  )
  t.strictSame(await reading(source), {
    counters: {},
    fault: `${netstat.file} ended with 1: netstat: illegal option -- -`,
  })
  t.match(await reading(source), { counters: { tcps_drops: 1021n }, fault: undefined })
  t.match(await reading(source), { counters: { tcps_drops: 1021n }, fault: undefined })
  t.strictSame(netstat.runs().slice(1), ['-s -p tcp', '-s -p tcp'], 'what worked is kept')
  netstat.does('case "$*" in *libxo*) exec cat output;; esac; exit 1')
  t.match(await reading(source), { counters: {}, fault: /ended with 1$/ })
  t.match(await reading(source), { fault: undefined })
})

t.test('what is wrong is a gap that says so, and goes by', async t => {
  const netstat = standInNetstat(t)
  const source = freebsdSource(netstat.bin, 1)
  t.teardown(source.close)
  const cases: Record<string, [string, RegExp]> = {
    'fails in both forms': [
      'echo "cannot open /dev/mem" >&2; exit 71',
      /ended with 71: cannot open \/dev\/mem$/,
    ],
    garbage: ['echo "{ what"', /printed no whole JSON with the statistics of tcp$/],
    'the kernel says no': [
      'echo "{\\"statistics\\": {}}"; echo "netstat: net.inet.tcp.stats: Operation not permitted" >&2',
      /no whole JSON with the statistics of tcp: netstat: net\.inet\.tcp\.stats: Operation not permitted$/,
    ],
    'older than its kernel': [
      'echo "{\\"statistics\\": {}}"; echo "netstat: net.inet.tcp.stats: Cannot allocate memory" >&2',
      /Cannot allocate memory; is it older than the kernel \(uname -U, uname -K\)\?$/,
    ],
    nothing: [':', /printed no usable tcps_connattempt, tcps_accepts, .*tcps_listendrop$/],
    'without end': ['exec cat /dev/zero', /printed more than 262144 bytes and was killed$/],
    slow: ['exec sleep 60', /took longer than 900 ms and was killed$/],
    'slow, and leaves a child with its stdout': ['sleep 3', /took longer than 900 ms and was killed$/],
    'ended by somebody': ['kill -TERM $$; sleep 60', /was ended by SIGTERM$/],
  }
  for (const [name, [line, fault]] of Object.entries(cases)) {
    netstat.does(line)
    t.match(await reading(source), { counters: {}, fault }, name)
    t.notOk(isRunning(netstat.pid()), `${name}: gone`)
    t.ok((await reading(source)).fault, `${name}: lasts`)
    netstat.prints(fixture(NETSTAT_14))
    t.match(await reading(source), { counters: { tcps_drops: 1021n }, fault: undefined }, `${name}: over`)
  }
  t.notOk(netstat.runs().includes('overlap'), 'never two at once')

  netstat.prints(fixture(NETSTAT_14).replace('embryonic', 'unborn'))
  t.match(await reading(source), { counters: { tcps_drops: 1021n }, fault: /no usable tcps_conndrops$/ })

  netstat.prints(fixture(NETSTAT_14))
  renameSync(netstat.file, `${netstat.file}.away`)
  t.match(await reading(source), { counters: {}, fault: `${netstat.file} could not be run: ENOENT` })
  renameSync(`${netstat.file}.away`, netstat.file)
  chmodSync(netstat.file, 0o644)
  t.match(await reading(source), { counters: {}, fault: /could not be run: EACCES/ })
  chmodSync(netstat.file, 0o755)
  t.match(await reading(source), { fault: undefined })
})

t.test('one that has not ended by the next tick is waited for', async t => {
  const netstat = standInNetstat(t)
  netstat.does('sleep 0.3; exec cat output')
  const source = freebsdSource(netstat.bin, 5)
  t.teardown(source.close)
  const first = reading(source)
  let second = false
  source.start(() => {
    second = true
  })
  t.match(await first, { counters: { tcps_drops: 1021n }, fault: undefined })
  await sleep(500)
  t.equal(second, false, 'a tick in the meantime shows nothing of its own')
  t.equal(netstat.runs().length, 1)
})

t.test('one that was killed and is still there is a fault', async t => {
  const netstat = standInNetstat(t)
  netstat.does('exec sleep 60')
  const source = freebsdSource(netstat.bin, 5)
  const last = reading(source)
  while (netstat.runs().length === 0) await sleep(20)
  source.close()
  // Killed in this turn of the event loop; that it is gone is known in a later one.
  t.match(await reading(source), { counters: {}, fault: /was killed and has not ended$/ })
  await last
})

t.test('close ends it', async t => {
  const netstat = standInNetstat(t)
  netstat.does('exec sleep 60')
  const listeners = process.listenerCount('exit')
  const source = freebsdSource(netstat.bin, 70)
  const last = reading(source)
  while (netstat.runs().length === 0) await sleep(20)
  source.close()
  t.match(await last, { fault: /was killed$/ })
  t.notOk(isRunning(netstat.pid()))
  t.equal(process.listenerCount('exit'), listeners, 'nothing of it stays behind')
})

t.test('looks in absolute directories of PATH only, for a program', async t => {
  const netstat = standInNetstat(t)
  const dir = dirname(netstat.bin)
  for (const name of ['folder/netstat', 'plain', 'empty']) mkdirSync(join(dir, name), { recursive: true })
  writeFileSync(join(dir, 'plain', 'netstat'), 'no program')
  const path = ['', '.', 'plain', 'folder', 'empty', 'gone'].map(name => (name ? join(dir, name) : name))
  const source = freebsdSource([...path, netstat.bin].join(':'), 5)
  t.teardown(source.close)
  t.match(await reading(source), { fault: undefined })
  t.throws(() => freebsdSource(path.join(':'), 5), /there is no netstat on PATH \(:.*gone\)/)

  const before = process.cwd()
  process.chdir(netstat.bin)
  t.teardown(() => process.chdir(before))
  t.throws(
    () => freebsdSource(':.:../bin', 5),
    /there is no netstat/,
    'the current directory is Netdata’s configuration',
  )
})
