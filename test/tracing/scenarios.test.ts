import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { collections, plugin, startPlugin } from '../built-plugin'
import { makeHosts, PYTHON, whyNoHosts } from '../kernel/hosts'
import { startRunner } from '../kernel/runner'
import { TABLE_FILE } from '../kernel/scenario-table'
import { callFunction, type Row } from './call-function'
import { asNobody, makeGrant, whyNoTracing } from './grant'

// Real resets between two network namespaces, and the built plugin in a third: as a user with no rights.

/** Where a reset is seen, in this test: sent or received, by host A or B, why, at what stage, by whose hand. */
const NOBODY = ''
const EXPECTED: Record<string, readonly string[]> = {
  closed_port4: [`sent B NO_SOCKET|no connection|${NOBODY}`, 'received A'],
  closed_port6: [`sent B NO_SOCKET|no connection|${NOBODY}`, 'received A'],
  stray_ack_closed: [`sent B NO_SOCKET|no connection|${NOBODY}`],
  stray_rst_closed: [],
  linger0_close: ['sent A TCP_STATE|closed|python3', 'received B'],
  close_unread: ['sent A TCP_ABORT_ON_CLOSE|closed|python3', 'received B'],
  data_after_close: [`sent A TCP_TIMEWAIT_SOCKET|closing|${NOBODY}`, 'received B'],
  // The kernel's tracepoint fires for this data as if B had received a reset; no reset came in.
  data_in_finwait1: [`sent B TCP_ABORT_ON_DATA|closed|${NOBODY}`, 'received B'],
  disconnect_unspec: ['sent A TCP_STATE|closed|python3', 'received B'],
  ss_kill: ['sent A TCP_STATE|open|ss', 'received B'],
  listener_close_pending: [
    'sent B TCP_STATE|closed|python3',
    'sent B TCP_STATE|closed|python3',
    'received A',
    'received A',
  ],
  linger2_neg: ['sent A TCP_ABORT_ON_LINGER|closed|python3', 'received B'],
  keepalive_timeout: [`sent A TCP_KEEPALIVE_TIMEOUT|open|${NOBODY}`],
  rst_in_fin_wait: ['received B'],
  synsent_bad_ack: [`sent A TCP_INVALID_ACK_SEQUENCE|opening|${NOBODY}`],
  tw_finwait2_data: [`sent B TCP_TIMEWAIT_SOCKET|closing|${NOBODY}`],
  syn_then_rst: [],
  graceful: [],
}

const skip = whyNoTracing() ?? whyNoHosts() ?? false

t.test('reasons, directions, ports and peers of the scenarios', { skip, timeout: 180_000 }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  grant.grant()
  const hosts = makeHosts()
  t.teardown(hosts.remove)
  const etc = t.testdir({ 'tcp_resets.conf': grant.config })
  const [command, args] = asNobody(plugin, '1')
  const running = startPlugin(t, { NETDATA_USER_CONFIG_DIR: etc }, args, command)
  await running.until(stdout => stdout.includes('BEGIN ipv4.tcp_resets_traced'))
  t.match(running.stdout(), /^FUNCTION GLOBAL "tcp-resets" /m)

  const runner = startRunner(hosts, TABLE_FILE)
  t.teardown(runner.stop)
  const expected: string[] = []
  for (const [name, resets] of Object.entries(EXPECTED)) {
    const result = await runner.run(name)
    if ('skipped' in result) t.pass(name, { skip: result.skipped })
    else {
      t.ok(result.ok, `${name}: acted out`, { error: result.error })
      expected.push(...resets)
    }
  }
  const aborts = ['netns', 'exec', hosts.a.namespace, PYTHON, join(__dirname, 'aborts.py'), '99', '20']
  const abortedPort = Number(execFileSync('ip', aborts, { encoding: 'utf8' }))
  const before = collections(running.stdout())
  await running.until(stdout => collections(stdout) >= before + 6)

  const { rows, coverage } = await callFunction(running)
  if (coverage.error > 0) {
    t.pass('rows', { skip: 'others on this machine made so many resets that single ones are not kept' })
    return
  }
  t.equal(coverage.read, coverage.resets, 'every reset was read')
  const peerHost = new Map<unknown, string>([
    [hosts.a.ipv4, 'B'],
    [hosts.a.ipv6, 'B'],
    [hosts.b.ipv4, 'A'],
    [hosts.b.ipv6, 'A'],
  ])
  const ours = rows.filter(({ Peer }) => peerHost.has(Peer))
  const namesReasons = ours.some(({ Reason }) => Reason === 'NO_SOCKET')
  const seen = ours.flatMap(row => {
    const { Direction, Peer, Reason, Stage, Process, Resets } = row
    const what = `${Direction} ${peerHost.get(Peer)}`
    const why = Direction === 'sent' ? `${what} ${Reason}|${Stage}|${Process}` : what
    return Array<string>(Number(Resets)).fill(why)
  })
  if (namesReasons) t.strictSame(seen.sort(), expected.sort())
  else {
    const onlyReceived = (all: readonly string[]) => all.filter(what => what.startsWith('received')).sort()
    t.strictSame(onlyReceived(seen), onlyReceived(expected), 'this kernel names no reasons')
  }

  const aborted = (peer: string) =>
    rows
      .filter(
        ({ Direction, Peer, Process }) =>
          Direction === 'sent' && Peer === peer && Process !== null && Process !== '',
      )
      .map(({ LocalPort, Process, Resets }) => ({ LocalPort, Process, Resets }))
  t.strictSame(aborted('127.0.0.1'), [{ LocalPort: abortedPort, Process: 'nginx', Resets: 100 }])
  t.strictSame(aborted('127.0.0.2'), [{ LocalPort: null, Process: 'client', Resets: 20 }])

  // A port on the one side is the peer's port on the other.
  const side = (direction: string, host: string, port: 'LocalPort' | 'PeerPort') =>
    new Set(
      ours
        .filter(
          (row: Row) => row.Direction === direction && peerHost.get(row.Peer) === host && row[port] !== null,
        )
        .map(row => row[port]),
    )
  for (const row of ours.filter(
    ({ Direction, Reason }) => Direction === 'sent' && Reason === 'TCP_ABORT_ON_CLOSE',
  )) {
    t.ok(side('received', 'B', 'LocalPort').has(row.PeerPort ?? NaN), `port ${row.PeerPort} of B`)
    t.ok(side('received', 'B', 'PeerPort').has(row.LocalPort ?? NaN), `port ${row.LocalPort} of A`)
  }
  t.ok(ours.some(({ Family, Peer }) => Family === 'IPv6' && Peer === hosts.a.ipv6))
  t.ok(ours.every(({ Family, Peer }) => (Family === 'IPv6') === String(Peer).includes(':')))
  t.ok(ours.every(({ LastSeen }) => Math.abs(Number(LastSeen) - Date.now()) < 60_000))
  t.equal(running.stderr(), '')
})

t.test('requests of any kind, as an agent would never send them', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  grant.grant()
  const etc = t.testdir({ 'tcp_resets.conf': grant.config })
  const [command, args] = asNobody(plugin, '1')
  const running = startPlugin(t, { NETDATA_USER_CONFIG_DIR: etc }, args, command)
  await running.until(stdout => stdout.includes('BEGIN ipv4.tcp_resets_traced'))
  t.match((await callFunction(running, 'tcp-resets colour:red')).status, 400)
  for (let i = 0; i < 100; i++) running.child.stdin?.write(Buffer.alloc(5000, i))
  running.child.stdin?.write(
    '\nFUNCTION_PAYLOAD posted 10 "tcp-resets" 0x1 "" "application/json"\n{"selections":',
  )
  running.child.stdin?.write('{"resets":["sent"]}}\nFUNCTION_PAYLOAD_END\n')
  await running.until(stdout => /^FUNCTION_RESULT_BEGIN posted 200 /m.test(stdout))
  await callFunction(running)
  const before = collections(running.stdout())
  await running.until(stdout => collections(stdout) >= before + 4)
  // Line by line: charts, and answers that no chart is in and that are in no chart.
  const skeleton = running
    .stdout()
    .replace(/^FUNCTION_RESULT_BEGIN .*\n[\s\S]*?\nFUNCTION_RESULT_END\n/gm, 'ANSWER\n')
    .replace(/^BEGIN .*\n(SET .*\n)+END\n/gm, 'CHART\n')
    .replace(/^CHART .+\n(DIMENSION .*\n)*(CLABEL .*\n)*CLABEL_COMMIT\n/gm, '')
    .replace(/^(FUNCTION GLOBAL|VARIABLE HOST) .*\n/gm, '')
  t.match(skeleton, /^((CHART|ANSWER)\n)+$/)
})

t.test('switched off: no charts, no Function', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  grant.grant()
  const start = (config: string) => {
    const etc = t.testdir({ 'tcp_resets.conf': config })
    const [command, args] = asNobody(plugin, '1')
    return startPlugin(t, { NETDATA_USER_CONFIG_DIR: etc }, args, command)
  }
  const off = start(`${grant.config}  enabled: false\n`)
  await off.until(stdout => collections(stdout) >= 2)
  t.notMatch(off.stdout(), /FUNCTION|traced/)
  off.child.kill('SIGKILL')
  await off.ended

  const charts = start(`${grant.config}  function: false\n`)
  await charts.until(stdout => stdout.includes('BEGIN ipv4.tcp_resets_traced'))
  t.notMatch(charts.stdout(), 'FUNCTION')
})
