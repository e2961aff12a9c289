import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAlarms, readChart, readChartIds, readMeasured, readVersion } from '../../cli/agent/answers'
import { alarmNames } from '../../cli/agent/api'
import { layoutFrom } from '../../cli/agent/layout'
import { parseNetdataConf } from '../../cli/agent/netdata-conf'
import { isNewEnough } from '../../cli/agent/node'
import { parseManifest } from '../../cli/install/manifest'
import { parseConfig } from '../../plugin/config/parse'
import { oneLine } from '../../plugin/message'
import { ownerOf } from '../../plugin/namespaces/cgroup'
import { wantedName } from '../../plugin/namespaces/name'
import { readOwner } from '../../plugin/namespaces/owner'
import { startOf } from '../../plugin/namespaces/processes'
import { simplePattern } from '../../plugin/namespaces/simple-pattern'
import { cleanId, cleanText } from '../../plugin/netdata/clean'
import { functionCalls } from '../../plugin/netdata/function'
import { parseNetstat } from '../../plugin/sources/freebsd-counters'
import { LINUX_COUNTERS } from '../../plugin/sources/linux'
import { rowParser } from '../../plugin/sources/mib'
import { addressOf, parseTcpSockets } from '../../plugin/sources/net-tcp'
import { portOwners } from '../../plugin/sources/port-owners'
import { parseServices } from '../../plugin/sources/services'
import { parseU64 } from '../../plugin/sources/u64'
import { eventParser, type ResetEvent } from '../../plugin/tracing/event'
import { parseFormat } from '../../plugin/tracing/format'
import { tcpResetsFunction } from '../../plugin/tracing/function'
import { parseHist } from '../../plugin/tracing/hist'
import { probeParser } from '../../plugin/tracing/probe-event'
import { parseStats } from '../../plugin/tracing/stats'
import { parseUsual } from '../../plugin/usual-memory'
import { parseGuide } from '../../web/guide'
import * as address from '../../web/live/address'
import * as live from '../../web/live/answers'
import { path, roundAbove, runs } from '../../web/live/scale'
import * as words from '../../web/live/words'
import { renderMarkdown } from '../../web/markdown'
import { readProtocol } from '../faults/protocol'
import { CAPTURE_TARGETS } from './captures'
import type { Target } from './target'

// Every parser of text that comes from outside, with what must hold for whatever it gets.

const root = join(__dirname, '..', '..')
const fixtures = join(root, 'test', 'fixtures')
const kernels = readdirSync(join(fixtures, 'kernels'))
const traced = kernels.filter(kernel => existsSync(join(fixtures, 'kernels', kernel, 'trace_pipe')))
/** What each folder has of a file, as far as it has it. */
const ofEach = (folder: string, file: string): string[] =>
  readdirSync(join(fixtures, folder))
    .map(kernel => join(fixtures, folder, kernel, file))
    .filter(existsSync)
    .map(path => readFileSync(path, 'latin1'))
const ofKernels = (file: string): string[] => ofEach('kernels', file)
const ofProbes = (file: string): string[] => ofEach('probes', file)
const filesIn = (...folder: string[]): string[] => {
  const path = join(root, ...folder)
  return readdirSync(path, { withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(path, entry.name), 'utf8'))
}

const U64_MAX = 2n ** 64n - 1n
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

function checkU64(value: bigint | undefined): void {
  if (value !== undefined) assert.ok(value >= 0n && value <= U64_MAX, `${value} is no u64`)
}

/** Text that is shown: on one line, and not without end. */
function checkShown(text: string, most: number): void {
  assert.ok(text.length <= most, `${text.length} characters`)
  assert.doesNotMatch(text, CONTROL)
}

/** What text from outside becomes when it gets into the protocol. */
function checkClean(text: string): void {
  assert.match(cleanId(text), /^[A-Za-z0-9._-]{1,200}$/)
  assert.match(wantedName(text), /^[A-Za-z0-9._-]{1,100}$/)
  const clean = cleanText(text)
  checkShown(clean, 200)
  assert.doesNotMatch(clean, /['"`\\]/)
  assert.equal(Buffer.from(clean).toString(), clean, 'half a character')
}

/** Two sections of one input, for what reads two files. */
const BETWEEN = '\n--- the other file ---\n'
const halves = (text: string): [string, string] => {
  const [one = '', two = ''] = text.split(BETWEEN)
  return [one, two]
}

const usedTcp = rowParser('Tcp', LINUX_COUNTERS)
let lastTcp: ReturnType<typeof usedTcp>

/** A root of files that a target writes; one for all, removed with the process. */
let scratch: string | undefined
function scratchRoot(): string {
  if (scratch === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'tcp-resets-fuzz-'))
    scratch = folder
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    for (const path of ['proc/1/net', 'proc/2/net', 'proc/net', 'proc/self/net', 'etc', 'run/netns']) {
      mkdirSync(join(folder, path), { recursive: true })
    }
    writeFileSync(join(folder, 'run/netns/blue'), '')
    for (const process of ['1', '2', 'self']) writeFileSync(join(folder, 'proc', process, 'net/snmp'), '')
  }
  return scratch
}

const time = { wall: () => 1.7e12, monotonic: () => 1000, in: () => () => {} }
const quiet = { error() {}, warning() {}, info() {}, debug() {}, fault() {} }
const ADDRESSES = ['http:', 'https:', 'file:']
const FRAME = { left: 0, right: 300, top: 0, bottom: 100 }

function checkEvent({ localPort, peerPort = 0, reason, state, peer, localAddress }: ResetEvent): void {
  for (const port of [localPort, peerPort])
    assert.ok(Number.isInteger(port) && port >= 0 && port <= 65_535, `port ${port}`)
  for (const name of [reason, state]) if (name !== undefined) checkClean(name)
  for (const host of [peer, localAddress]) assert.match(host ?? '::1', /^[\da-f.:]{2,45}$/)
}

export const TARGETS: readonly Target[] = [
  {
    name: 'mib',
    seeds: () => [...ofKernels('snmp'), ...ofKernels('netstat')],
    run(text) {
      const row = rowParser('Tcp', LINUX_COUNTERS)(text)?.row
      for (const value of Object.values(row ?? {})) checkU64(value)
      // What is remembered of texts before this one changes nothing.
      lastTcp = usedTcp(text, lastTcp)
      assert.deepEqual(lastTcp?.row, row)
      const ext = rowParser('TcpExt', LINUX_COUNTERS)(text)?.row
      for (const value of Object.values(ext ?? {})) checkU64(value)
    },
  },
  {
    name: 'u64',
    seeds: () => ['0', '18446744073709551615', '9007199254740993'],
    run(text) {
      const value = parseU64(text)
      checkU64(value)
      if (value !== undefined) assert.equal(value, BigInt(text))
    },
  },
  {
    name: 'process-stat',
    seeds: () => [
      readFileSync('/proc/self/stat', 'latin1'),
      '7 (a) b) (c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 500 0',
    ],
    run(text) {
      writeFileSync(join(scratchRoot(), 'proc/2/stat'), text, 'latin1')
      const started = startOf(join(scratchRoot(), 'proc'), 2)
      assert.ok(started === undefined || Number.isFinite(started), `started at ${started}`)
    },
  },
  {
    name: 'cgroup',
    seeds: () => [
      `0::/system.slice/docker-${'a1'.repeat(32)}.scope\n`,
      `12:pids:/kubepods/besteffort/pod01234567-89ab-cdef-0123-456789abcdef/${'0f'.repeat(32)}\n1:name=systemd:/\n`,
      `0::/kubepods.slice/kubepods-pod01234567_89ab_cdef_0123_456789abcdef.slice/cri-containerd-${'b2'.repeat(32)}.scope`,
      '0::/lxc.payload.web/init.scope\n',
      '0::/machine.slice/machine-x\\x2dy.scope\n',
      '0::/machine.slice/systemd-nspawn@web.service/payload\n',
      '0::/system.slice/ssh.service\n',
      `0::/../constructor-${'c3'.repeat(32)}\n`,
      '1:name=systemd:/system.slice/garden.service/garden/6f265890-5165-7fab-6b52-18d1\n',
      '0::/nomad.slice/share.slice/4744f0ea-7616-ab3a-a420-8e25056e3861.task.scope\n',
      '0::/machine.slice/machine-lxc\\x2d9192\\x2dweb.scope\n',
      '0::/user.slice/user-1000.slice/user@1000.service/app.slice/app\\x2da.service\n',
    ],
    run(text) {
      const owner = ownerOf(text)
      for (const part of Object.values(owner ?? {})) checkClean(part)
    },
  },
  {
    name: 'owner',
    seeds: () => [
      `0::/${BETWEEN}22 1 0:20 / /sys ro - sysfs blue rw\n`,
      `0::/${BETWEEN}22 1 0:20 /x/overlay-containers/${'a1'.repeat(32)}/userdata/hosts /etc/hosts rw - ext4 /dev/sda rw\n`,
      `0::/user.slice${BETWEEN}${readFileSync('/proc/self/mountinfo', 'latin1').slice(0, 3000)}`,
    ],
    run(text) {
      const [cgroup, other] = halves(text)
      const folder = join(scratchRoot(), 'proc/2')
      writeFileSync(join(folder, 'cgroup'), cgroup, 'latin1')
      writeFileSync(join(folder, 'mountinfo'), other, 'latin1')
      writeFileSync(join(folder, 'comm'), other.slice(0, 15), 'latin1')
      for (const part of Object.values(readOwner(scratchRoot(), [2]) ?? {})) checkClean(part)
    },
  },
  {
    name: 'trace-event',
    seeds: () =>
      traced.flatMap(kernel =>
        ['tcp_send_reset', 'tcp_receive_reset'].map(event => {
          const read = (file: string): string =>
            readFileSync(join(fixtures, 'kernels', kernel, file), 'latin1')
          return read(`${event}.format`) + BETWEEN + read('trace_pipe').slice(0, 3000)
        }),
      ),
    run(text) {
      const [format, lines] = halves(text)
      const parsed = parseFormat(format)
      if (parsed === undefined) return
      for (const direction of ['sent', 'received'] as const) {
        const parse = eventParser(direction, parsed)
        for (const line of lines.split('\n').slice(0, 50)) {
          const event = parse(line)
          if (event !== undefined) checkEvent(event)
        }
      }
    },
  },
  {
    name: 'probe-event',
    seeds: () => [...ofProbes('sent.trace'), ...ofProbes('received.trace')],
    run(text) {
      for (const direction of ['sent', 'received'] as const) {
        const parse = probeParser(direction, new Map())
        for (const line of text.split('\n').slice(0, 50)) {
          const event = parse(line)
          if (event === undefined) continue
          checkEvent(event)
          assert.ok(Number.isSafeInteger(event.namespace), `namespace ${event.namespace}`)
        }
      }
    },
  },
  {
    name: 'hist',
    seeds: () => ofProbes('hist'),
    run(text) {
      const { counts, dropped } = parseHist(text) ?? { counts: new Map<number, bigint>(), dropped: 0n }
      assert.ok(dropped >= 0n)
      for (const [namespace, count] of counts) assert.ok(Number.isSafeInteger(namespace) && count >= 0n)
    },
  },
  {
    name: 'trace-stats',
    seeds: () => ofKernels('per_cpu.stats'),
    run(text) {
      const stats = parseStats(text)
      if (stats !== undefined) assert.ok(stats.gone >= 0n && stats.waiting >= 0n)
    },
  },
  {
    name: 'sockets',
    seeds: () => [
      readFileSync('/proc/net/tcp', 'latin1').slice(0, 4000),
      readFileSync('/proc/net/tcp6', 'latin1').slice(0, 4000),
      SOCKETS,
    ],
    run(text) {
      for (const { local, remote, uid } of parseTcpSockets(text)) {
        for (const end of [local, remote]) {
          assert.ok(end.port >= 0 && end.port <= 65_535, `port ${end.port}`)
          assert.ok(isIP(addressOf(end)) > 0, `address ${addressOf(end)}`)
        }
        assert.ok(Number.isSafeInteger(uid), `user ${uid}`)
      }
    },
  },
  {
    name: 'port-owners',
    seeds: () => [
      `${SOCKETS}${BETWEEN}root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n`,
    ],
    run(text) {
      const [sockets, users] = halves(text)
      writeFileSync(join(scratchRoot(), 'proc/net/tcp'), sockets, 'latin1')
      writeFileSync(join(scratchRoot(), 'etc/passwd'), users, 'latin1')
      const search = portOwners(scratchRoot(), { mayHaveOthers: () => false, patience: 10_000 })
      const steps = search([{ port: 22 }, { port: 8080 }])
      let step = steps.next()
      while (!step.done) step = steps.next()
      for (const { user = '' } of step.value.values()) {
        assert.ok(user.length <= 32, user)
        assert.doesNotMatch(user, /^(?:Infinity|NaN|[\d.]+e\+\d+)$/)
      }
    },
  },
  {
    name: 'services',
    seeds: () => ['ssh\t\t22/tcp\t\t\t# SSH\nhttp 80/tcp www\ndomain 53/udp\n# comment\n'],
    run(text) {
      for (const [port, name] of parseServices(text)) {
        assert.ok(Number.isInteger(port) && port >= 0, `port ${port}`)
        checkShown(name, 32)
      }
    },
  },
  {
    name: 'stdin',
    seeds: () => [
      'FUNCTION a-1 10 "tcp-resets info"\n',
      'FUNCTION a-1 10 "tcp-resets resets:sent,received after:1"\nFUNCTION_CANCEL a-1\n',
      'FUNCTION_PAYLOAD b 5 "tcp-resets" "any" "application/json"\n{"selections":{"resets":["sent"]}}\nFUNCTION_PAYLOAD_END\n',
      'FUNCTION_PROGRESS a\nQUIT\n',
    ],
    run(text) {
      let written = ''
      const out = {
        ready: () => true,
        write(piece: string) {
          written += piece
        },
      }
      const row = {
        direction: 'sent',
        stage: 'no connection',
        localPort: 22,
        peer: '192.0.2.1',
        task: text.slice(0, 15),
        reason: 'NOT_SPECIFIED',
        count: 1,
        rate: 1,
        lastSeen: 1,
      } as const
      const details = { rows: [row], error: 0, resets: 1, read: 1, hasReasons: true }
      const table = tcpResetsFunction(
        () => details,
        async () => new Map([[22, { process: text.slice(0, 15) }]]),
        () => 'ssh',
        time,
      )
      const { read } = functionCalls(
        name => (name === table.name ? table.answer : undefined),
        out,
        time.monotonic,
        quiet,
      )
      const bytes = Buffer.from(text, 'latin1')
      // In whatever pieces.
      const cut = bytes.length % 97
      read(bytes.subarray(0, cut))
      read(bytes.subarray(cut))
      for (const { status, body } of readProtocol(written).results)
        assert.equal(JSON.parse(body).status, status)
    },
  },
  {
    name: 'config',
    seeds: () => [...filesIn('conf.d'), ...filesIn('test', 'config', 'invalid')],
    run(text) {
      const parsed = parseConfig(text)
      if ('config' in parsed) {
        const { update_every = 1, namespaces = {} } = parsed.config
        assert.ok(Number.isInteger(update_every) && update_every >= 1, `every ${update_every} s`)
        assert.ok(Number.isInteger(namespaces.max ?? 0) && (namespaces.max ?? 0) >= 0)
        const fits = simplePattern(namespaces.include ?? '*')
        fits('a'.repeat(100))
        return
      }
      assert.ok(parsed.faults.length > 0, 'refused without a word')
      for (const { line, column, message } of parsed.faults) {
        assert.ok(
          Number.isInteger(line) && line >= 1 && Number.isInteger(column) && column >= 1,
          `at ${line}:${column}`,
        )
        checkShown(message, 1000)
      }
    },
  },
  {
    name: 'simple-pattern',
    seeds: () => ['*', 'web-* !db-test db-*', '!*a*b*c* *'],
    run(text) {
      const fits = simplePattern(text)
      for (const name of ['', 'web-1', 'a'.repeat(200), text.slice(0, 100)])
        assert.equal(typeof fits(name), 'boolean')
    },
  },
  {
    name: 'clean',
    seeds: () => ['web', 'a\'b`c"d\\e\n\u0000\u2028', '\ud83d\ude00'.repeat(150)],
    run(text) {
      checkClean(text)
      assert.doesNotMatch(oneLine(text), CONTROL)
    },
  },
  {
    name: 'usual',
    seeds: () => [
      '{"version":1,"usual":{"":{"sent":{"rate":1.5,"minutes":60,"flood":0},"received":{"rate":0,"minutes":7,"flood":12}}}}',
    ],
    run(text) {
      for (const { sent, received } of parseUsual(text)?.values() ?? [])
        for (const { rate, minutes, flood } of [sent, received])
          for (const number of [rate, minutes, flood]) assert.ok(number >= 0 && Number.isFinite(number))
    },
  },
  {
    name: 'netdata-conf',
    seeds: () => [
      '[directories]\n\t# plugins = "/usr/lib/netdata/plugins.d" "/etc/netdata/custom-plugins.d"\n\tconfig = /etc/netdata\n\t# stock config = /usr/lib/netdata/conf.d\n\t# web = /usr/share/netdata/web\n\t# lib = /var/lib/netdata\n[plugins]\n\t# tcp_resets = yes\n',
    ],
    run(text) {
      const conf = parseNetdataConf(text)
      for (const path of Object.values(layoutFrom(conf, 'http://127.0.0.1:19999') ?? {}))
        assert.equal(typeof path, 'string')
    },
  },
  {
    name: 'health-file',
    seeds: () => filesIn('health.d'),
    run(text) {
      for (const name of alarmNames(text, 'freebsd')) assert.match(name, /^\S+$/)
    },
  },
  {
    name: 'node-version',
    seeds: () => ['/usr/bin/node\nv20.1.0\n'],
    run: text => assert.equal(typeof isNewEnough({ status: 0, stdout: text, stderr: '' }), 'boolean'),
  },
  {
    name: 'manifest',
    seeds: () => [
      '{"version":"0.1.0","files":{"/a/b":"sha256:1"},"directories":["/a"],"guidesUrl":"http://a","grant":"systemd"}',
    ],
    run(text) {
      const manifest = parseManifest(text)
      if (manifest === undefined) return
      for (const file of Object.keys(manifest.files)) assert.match(file, /^\//)
      for (const folder of manifest.directories) assert.match(folder, /^\//)
    },
  },
  {
    name: 'agent-answers',
    seeds: () => ANSWERS,
    run(text) {
      const answer = parsedOrNot(text)
      const { update_every = 1, last_entry = 0 } = readChart(answer) ?? {}
      assert.ok(Number.isFinite(update_every) && Number.isFinite(last_entry))
      for (const { name, chart, source, info, status } of readAlarms(answer) ?? []) {
        for (const part of [name, chart, source, info, status]) assert.equal(typeof part, 'string')
      }
      for (const id of readChartIds(answer, 'ipv4.tcp_resets') ?? []) assert.equal(typeof id, 'string')
      for (const [name, has] of readMeasured(answer) ?? [])
        assert.deepEqual([typeof name, typeof has], ['string', 'boolean'])
      assert.equal(typeof (readVersion(answer) ?? ''), 'string')
    },
  },
  {
    name: 'live-answers',
    seeds: () => ANSWERS,
    run(text) {
      const answer = parsedOrNot(text)
      const { alarms = [], now = 0 } = live.readAlarms(answer) ?? {}
      for (const alarm of alarms) {
        checkNumbers(words.details(alarm, now))
        assert.ok(words.state(alarm.status).words.length < 300)
      }
      live.chartsToShow(alarms)
      const series = live.readSeries(answer, ['sent', 'received'])
      if (series !== undefined) {
        checkNumbers(words.summary(series, name => name, now))
        words.lastMeasured(series)
        for (const line of series.lines) {
          const top = roundAbove(words.extent(line, series.times)?.highest ?? 0)
          const range = { from: now - 600, to: now, highest: top }
          checkNumbers(path(runs(series, line.values, 5 * words.step(series), range, FRAME)))
        }
      }
      for (const value of Object.values(live.readLabels(answer))) assert.equal(typeof value, 'string')
      for (const name of live.readNodes(answer)) address.hostBase('', name)
    },
  },
  {
    name: 'live-address',
    seeds: () => [
      '/host/a%20b/guides/tcp/x.html',
      '/guides/tcp/',
      'http://a/node/1/old/#x',
      '/proxy/host/x/guides/tcp',
    ],
    run(text) {
      for (const protocol of ADDRESSES) {
        const base = address.baseOf(protocol, text)
        if (base !== undefined)
          assert.equal(address.splitBase(base).root + address.splitBase(base).node, base)
      }
      // A browser gives only addresses that it could parse.
      if (URL.canParse?.(`http://a/${text}`)) address.baseOfReferrer(`http://a/${text}`, 'http://a')
    },
  },
  {
    name: 'netstat',
    seeds: () => [
      ...filesIn('test', 'fixtures', 'freebsd'),
      ...filesIn('test', 'fixtures', 'freebsd', 'outputs'),
    ],
    run(text) {
      for (const value of Object.values(parseNetstat(text) ?? {})) checkU64(value)
    },
  },
  {
    name: 'guide',
    seeds: () => filesIn('guides', 'tcp'),
    run(text) {
      try {
        const { markdown } = parseGuide(text, 'guide.md', 'guide')
        const { html } = renderMarkdown(markdown, 'guide.md')
        for (const [tag] of html.matchAll(/<[^>]*>?/g)) {
          assert.match(tag, /^<\/?[a-z][a-z\d]*( [a-z-]+="[^"<>]*")*( \/)?>$/)
          assert.doesNotMatch(tag, /^<(script|img|iframe)| on[a-z]+="|="(javascript|vbscript|data):/i)
        }
      } catch (error) {
        // What is wrong with a guide is told with its file.
        if (!(error instanceof Error && error.message.startsWith('guide.md: '))) throw error
      }
    },
  },
  ...CAPTURE_TARGETS,
]

const SOCKETS = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000 65534        0 12346 1 0000000000000000 20 4 30 10 -1
`

const ALARM = {
  name: '10s_ipv4_tcp_resets_sent',
  chart: 'ipv4.tcp_resets',
  status: 'WARNING',
  source: '12@/etc/netdata/health.d/tcp_resets.conf',
  info: 'resets',
  value: 212.5,
  units: 'resets/s',
  last_status_change: 1_700_000_000,
  silenced: false,
}

/** As agents answer, shortened. */
const ANSWERS: string[] = [
  {
    hostname: 'a',
    now: 1_700_000_100,
    alarms: { 'ipv4.tcp_resets.10s': ALARM, x: { ...ALARM, chart: 'ipv4.tcp_resets_web', status: 'CLEAR' } },
  },
  {
    labels: ['time', 'sent', 'received'],
    data: [
      [1_700_000_002, 1.5, null],
      [1_700_000_001, 0, 2e3],
    ],
  },
  {
    id: 'ipv4.tcp_resets',
    context: 'ipv4.tcp_resets',
    update_every: 1,
    first_entry: 1,
    last_entry: 1_700_000_000,
    chart_labels: { namespace: 'host' },
  },
  { charts: { a: { id: 'ipv4.tcp_resets_web', context: 'ipv4.tcp_resets' } } },
  { version: 'v1.37.1', mirrored_hosts: ['a', 'b'] },
].map(answer => JSON.stringify(answer))

function parsedOrNot(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a person reads has numbers in it, or says that there are none. */
function checkNumbers(text: string): void {
  assert.doesNotMatch(text, /NaN|Infinity|Invalid/)
}
