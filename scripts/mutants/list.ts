/** A fault to plant: one place of one file, and the tests that have to notice. */
export interface Mutant {
  readonly file: string
  readonly from: string
  readonly to: string
  /** Each is run by itself; one that fails is enough. */
  readonly tests: readonly string[]
}

const of =
  (file: string, ...tests: string[]) =>
  (from: string, to: string): Mutant => ({ file, from, to, tests })

const causes = of('plugin/analysis/causes.ts', 'test/analysis/causes.test.ts')
const counters = of(
  'plugin/analysis/counters.ts',
  'test/analysis/received.test.ts',
  'test/analysis/causes.test.ts',
)
const received = of('plugin/analysis/received.ts', 'test/analysis/received.test.ts')
const continuous = of('plugin/analysis/continuous.ts', 'test/analysis/continuous.test.ts')
const clock = of('plugin/clock.ts', 'test/clock.test.ts')
const chart = of('plugin/netdata/chart.ts', 'test/netdata/chart.test.ts')
const clean = of('plugin/netdata/clean.ts', 'test/netdata/chart.test.ts')
const input = of('plugin/netdata/input.ts', 'test/netdata/function.test.ts')
const calls = of('plugin/netdata/function.ts', 'test/netdata/function.test.ts')
const mib = of('plugin/sources/mib.ts', 'test/sources/mib.test.ts')
const linux = of('plugin/sources/linux.ts', 'test/sources/linux.test.ts')
const u64 = of('plugin/sources/u64.ts', 'test/sources/mib.test.ts')
const top = of('plugin/tracing/top-resets.ts', 'test/tracing/top-resets.test.ts')
const frequent = of('plugin/tracing/frequent.ts', 'test/tracing/frequent.test.ts')
const apportion = of('plugin/tracing/apportion.ts', 'test/tracing/apportion.test.ts')
const config = of('plugin/config/load.ts', 'test/config/load.test.ts')
const settings = of('plugin/config/settings.ts', 'test/config/settings.test.ts')
const agentKnows = of('plugin/netdata/agent-knows.ts', 'test/netdata/configuration.test.ts')
const log = of('plugin/log.ts', 'test/log.test.ts')
const measured = of('plugin/last-measured.ts', 'test/last-measured.test.ts')
const life = of('plugin/sign-of-life.ts', 'test/sign-of-life.test.ts')
const options = of('plugin/options.ts', 'test/options.test.ts')
const owners = of('plugin/sources/port-owners.ts', 'test/sources/port-owners.test.ts')
const instance = of('plugin/tracing/instance.ts', 'test/tracing/instance.test.ts')
const stream = of('plugin/tracing/stream.ts', 'test/tracing/stream.test.ts')
const reader = of('plugin/tracing/reader.ts', 'test/tracing/reader.test.ts')
const grantWatch = of('plugin/tracing/grant-watch.ts', 'test/tracing/grant-watch.test.ts')
const shares = of('plugin/tracing/received.ts', 'test/tracing/received.test.ts')
const raised = of('plugin/analysis/raised.ts', 'test/analysis/raised.test.ts')
const usual = of('plugin/analysis/usual.ts', 'test/analysis/usual.test.ts')
const burst = of('plugin/recording/burst.ts', 'test/recording/burst.test.ts')
const roster = of('plugin/namespaces/roster.ts', 'test/namespaces/roster.test.ts')
const members = of('plugin/namespaces/members.ts', 'test/namespaces/members.test.ts')
const transaction = of('cli/install/transaction.ts', 'test/cli/transaction.test.ts')
const stage = of('explain/stage.ts', 'test/explain/captures.test.ts')
const sender = of('explain/sender.ts', 'test/explain/captures.test.ts')
const ttls = of('explain/ttls.ts', 'test/explain/captures.test.ts')
const pcap = of('explain/capture/pcap.ts', 'test/explain/captures.test.ts', 'test/explain/bounds.test.ts')

export const MUTANTS: readonly Mutant[] = [
  causes('unsent -= withUnsent', 'unsent -= 0n'),
  causes('rise.TCPAbortOnData + rise.TCPAbortOnLinger', 'rise.TCPAbortOnData'),
  causes('rise.TCPAbortOnTimeout - rise.TCPTimeouts', 'rise.TCPAbortOnTimeout'),
  causes('rise.EmbryonicRsts - rise.AttemptFails', 'rise.EmbryonicRsts'),
  counters('if (rise === undefined) anew = true', ''),
  counters('if (counters[name] === undefined) return false', ''),
  received('atLeast0(failed - timedOut)', 'failed'),
  received('- timedOutLater)', ')'),
  received('rise.TCPChallengeACK - rise.TCPSYNChallenge', 'rise.TCPChallengeACK'),
  continuous('(total[name] ?? 0n) +', ''),
  continuous('before = Object.assign({}, before, counters)', 'before = counters'),
  clock('if (now - last >= interval / 2) {', '{'),
  clock('time.wall() % interval', '0'),
  chart('? 0n : values[set.id]', '? values[set.id] : values[set.id]'),
  chart('Math.round((now - last) * 1000)', 'Math.round(now - last)'),
  chart('BigInt.asIntN(64, value)', 'value'),
  chart('quoted(value)', 'value'),
  clean(".replace(/['\"`]/g, '_')", ''),
  clean("|| '_'", ''),
  input('if (size <= MAX_PAYLOAD)', 'if (true)'),
  input('const skip = tooLong || whole.length > MAX_LINE', 'const skip = whole.length > MAX_LINE'),
  input('if (!/^[\\w-]{1,100}$/.test(transaction)) return', ''),
  calls('waiting = waiting.slice(-MAX_WAITING)', ''),
  calls('next.until < now()', 'false'),
  calls('each.call.transaction === transaction', 'true'),
  mib('at(name) === all.lastIndexOf(name)', 'true'),
  mib('|| lineStartingWith(text, start, values.lastIndex) >= 0', ''),
  linux('differs(TCP_EXT_OF_RESETS, ext, before.ext)', 'false'),
  linux('        tcp = tcpAfter\n        ext = readTcpExt()\n', '        tcp = tcpAfter\n'),
  linux('if (!differs(TCP_OF_RESETS, tcp, tcpAfter)) break', 'break'),
  u64('value <= U64_MAX', 'true'),
  top('Math.min(row.count, left.count)', 'row.count'),
  top('Math.max(0, whole.count - part.count)', 'whole.count'),
  top('if (entry.family !== family) entry.family = undefined', ''),
  frequent('missed += cut', ''),
  frequent('if (entry.count <= 0) kept.delete(key)', ''),
  apportion('left-- > 0 ? whole + 1 : whole', 'whole'),
  config('...config.namespaces, ...file?.namespaces', '...file?.namespaces'),
  settings('Math.max(next.update_every, interval)', 'next.update_every'),
  settings('over(nextFiles, nextSet)', 'over(nextFiles, undefined)'),
  agentKnows('since(2, 0)', 'since(1, 37)'),
  log('faults.delete(what)', ''),
  log('if (fault !== undefined && !had) {', 'if (fault !== undefined) {'),
  measured("collected === '' || now < next", 'now < next'),
  life('if (!said && out.ready())', 'if (out.ready())'),
  options('seconds < 1 || seconds > 86_400', 'seconds > 86_400'),
  owners('here.some(({ listens }) => listens) ? here.filter(({ listens }) => listens) : here', 'here'),
  owners('uids.size === 1', 'true'),
  owners('&& socket.inode !== NO_INODE', ''),
  instance('const MAX_OLD_READS = 5000', 'const MAX_OLD_READS = 0'),
  instance('else if (told.isEvent(line)) unreadable++', ''),
  stream('Math.max(instance.count(), events.length + unreadable)', 'instance.count()'),
  stream('&& instance.blind === undefined', ''),
  reader('left.length > 0 ? BUSY_MS : QUIET_MS', 'QUIET_MS'),
  reader('held >= FULL', 'false'),
  grantWatch('if (isThere && now < nextCheck)', 'if (now < nextCheck)'),
  grantWatch('trace !== undefined && !failing', 'trace !== undefined'),
  shares('if (events.length === 0) counts = new Map()', ''),
  shares('counts.has(namespace) || counts.size < MOST', 'true'),
  raised(
    'if (before === undefined || total < before.total) return QUIET',
    'if (before === undefined) return QUIET',
  ),
  raised('burst ? soon > sudden.holds * minute : isSudden', 'isSudden'),
  raised('known >= longest &&', ''),
  usual('now - last.at < MINUTE', 'false'),
  burst('total < newest.total', 'false'),
  burst('if (fromAt - oldestAt < KNOWN) return false', ''),
  burst('rate < raised / 2', 'rate < raised'),
  roster('now - seat.goneSince < GRACE', 'false'),
  roster('quiet[1].activity * 2', 'quiet[1].activity'),
  roster('seat.activity /= 2', 'seat.activity /= 1'),
  members('member.namespace === undefined && member.identity === identity', 'member.identity === identity'),
  members('comingBack.slice(-REMEMBERED)', 'comingBack.slice(0, REMEMBERED)'),
  transaction("openSync(path + NEW, 'wx', 0o600)", "openSync(path + NEW, 'w', 0o600)"),
  stage('more === 1 || more === 1 + other.synPayload', 'more === 1'),
  stage('me.silence, time - lastTime', 'time - lastTime'),
  stage('time - me.repeatedSince >= 1', 'true'),
  sender('reset.macLow !== from.macLow', 'false'),
  sender("base === 'handshake' ? Math.max(0, weight - 1) : weight", 'weight'),
  ttls('packets >= all * 0.9', 'true'),
  pcap('captured > MOST_CAPTURED', 'false'),
  pcap('u32(bytes, 20) & 0xffff', 'u32(bytes, 20)'),
]
