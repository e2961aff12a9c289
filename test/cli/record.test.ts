import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { record, type Setting } from '../../cli/record/record'
import { keep } from '../../cli/record/store'
import { wantedName } from '../../plugin/namespaces/name'
import { readOwner } from '../../plugin/namespaces/owner'
import { recordingsIn } from '../../plugin/recording/recording'
import { askForRecording } from '../../plugin/recording/request'

// The recorder as root runs it, with real bursts on loopback; the units around it are tried where systemd runs.

const command = join(__dirname, '..', '..', 'dist', 'bin', 'tcp-resets')
const PAYLOAD = 'marked-payload-of-a-connection'

const skip =
  (process.platform !== 'linux' && 'needs Linux') ||
  (process.getuid?.() !== 0 && 'needs root: the right to capture') ||
  (spawnSync('tcpdump', ['--version']).error !== undefined && 'tcpdump is not installed')

/** Places as root makes them, and times that a test can wait for. */
function setUp(
  t: Test,
): Setting & { said: string[]; run: () => Promise<number>; ask: (name: string, inode?: number) => void } {
  const dir = t.testdir({ store: {}, request: '' })
  const setting = { request: join(dir, 'request'), store: join(dir, 'store'), seconds: 3, between: 60 }
  chmodSync(setting.request, 0o620)
  const said: string[] = []
  return {
    ...setting,
    said,
    run: () => record(command, line => said.push(line), setting),
    ask: (name, inode) => askForRecording({ name, inode }, setting.request),
  }
}

/** Connects to a closed port, and sends data on a connection that its server aborts, until it is told to stop. */
async function burst(t: Test): Promise<void> {
  let on = true
  t.teardown(() => {
    on = false
  })
  const server = createServer(socket =>
    socket.on('data', () => socket.resetAndDestroy()).on('error', () => {}),
  )
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const refused = (): void => {
    if (on) connect(19, '127.0.0.1').on('error', () => setTimeout(refused, 5))
  }
  const aborted = (): void => {
    if (!on) return
    const socket = connect(port, '127.0.0.1', () => socket.write(PAYLOAD))
    socket.on('error', () => {}).on('close', () => setTimeout(aborted, 5))
  }
  refused()
  aborted()
}

t.test('a burst is recorded and explained, without its payload', { skip }, async t => {
  const { run, ask, said, store, request } = setUp(t)
  await burst(t)
  ask('host')
  ask('../../etc/passwd')
  ask('docker_ffffffffffff')
  t.equal(await run(), 0)
  const [recording, ...more] = recordingsIn(store)
  t.strictSame(more, [])
  t.match(recording, {
    namespace: 'host',
    explanation: { version: 1, summary: { finding: /^\d[\d,]* resets on / } },
    refused: 1,
  })
  t.ok(Number(recording?.explanation?.summary.resets) > 10)
  t.match(said, [/^not recorded: docker_ffffffffffff: one recording at a time, .* host$/, /^host: \d/])
  t.equal(statSync(request).size, 0, 'nothing is left to do')
  for (const name of readdirSync(store)) t.equal(statSync(join(store, name)).mode & 0o777, 0o640, name)
  const capture = readFileSync(join(store, `${recording?.id}.pcap`))
  t.notOk(capture.includes(PAYLOAD.slice(0, 8)), 'headers only')
})

t.test('another within the minute is not recorded, and that is said', { skip }, async t => {
  const { run, ask, said, store } = setUp(t)
  const began = Date.now() / 1000 - 57
  const recording = { version: 1, id: 'last', namespace: 'host', began, fault: 'x', refused: 1 } as const
  keep(store, recording)
  for (let n = 0; n < 8; n++) ask(`name-${n}`)
  t.equal(await run(), 0)
  t.strictSame(recordingsIn(store), [{ ...recording, refused: 9 }])
  t.match(said, [
    /^not recorded: name-0, name-1, .*name-4 and 3 more: the last recording began \d+ s ago, and there is at most one every 60 s$/,
  ])
})

t.test('what cannot be recorded is told', { skip }, async t => {
  const { run, ask, said, store } = setUp(t)
  t.equal(await run(), 0, 'nothing was asked for')
  t.strictSame([said, readdirSync(store)], [[], []])
  ask('a-container-that-is-gone')
  t.equal(await run(), 1)
  t.match(recordingsIn(store), [{ fault: /no namespace is called "a-container-that-is-gone"/, refused: 0 }])
  t.match(said, [/^a-container-that-is-gone: Not explained: no namespace is called/])
})

t.test('whatever is written into the request', { skip }, async t => {
  const { run, said, request, store } = setUp(t)
  for (const text of [
    '\0\0\n',
    '/etc/passwd\n\n',
    `${'x'.repeat(100_000)}\n`,
    `${'x'.repeat(201)}\n../../etc/shadow\nhost/../x\nhost 1 2\nhost -1\nhost 1e3\n host\n`,
    'a b\n$(id)\n;reboot\n',
    '\xff\xfe\n',
  ]) {
    writeFileSync(request, text, 'latin1')
    t.equal(await run(), 0)
    t.equal(statSync(request).size, 0)
  }
  t.strictSame([said, readdirSync(store)], [[], []])
})

t.test('a name of one namespace with the inode of another is none', { skip }, async t => {
  const { run, ask, store } = setUp(t)
  ask('init', 12_345)
  t.equal(await run(), 1)
  t.match(recordingsIn(store), [{ namespace: 'init', fault: /^no namespace is called "init"/ }])
})

t.test('a request that is no file is refused, and not waited for', { skip }, async t => {
  const { run, request, store, said } = setUp(t)
  const target = join(t.testdirName, 'target')
  writeFileSync(target, 'host\n')
  const kinds: Record<string, [make: () => void, message: RegExp]> = {
    'a link': [() => symlinkSync(target, request), /ELOOP/],
    'a pipe': [() => spawnSync('mkfifo', [request]), /expected a file, found a pipe/],
    'a directory': [() => mkdirSync(request), /expected a file, found a directory/],
  }
  for (const [kind, [make, message]] of Object.entries(kinds)) {
    rmSync(request, { recursive: true })
    make()
    await t.rejects(run(), message, kind)
  }
  t.equal(readFileSync(target, 'utf8'), 'host\n')
  t.strictSame([said, readdirSync(store)], [[], []])
})

t.test('a place that others can change is refused', { skip }, async t => {
  const { request, store } = setUp(t)
  const open = join(t.testdirName, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  const places = { seconds: 1, between: 1 }
  await t.rejects(
    record(command, () => {}, { ...places, request, store: join(open, 'store') }),
    /others may write there/,
  )
  await t.rejects(
    record(command, () => {}, { ...places, request: join(open, 'request'), store }),
    /others may write there/,
  )
})

t.test('no more than 20 and 50 MB are kept, the oldest go first', { skip }, async t => {
  const { run, ask, store } = setUp(t)
  const put = (id: string, bytes: number): void => {
    const recording = { version: 1, id, namespace: 'host', began: 1, fault: 'x', refused: 0 }
    writeFileSync(join(store, `${id}.json`), JSON.stringify(recording))
    writeFileSync(join(store, `${id}.pcap`), Buffer.alloc(bytes))
  }
  for (let n = 10; n < 35; n++) put(`20200101T0000${n}Z-host`, 5000)
  put('20200101T000035Z-host', 41_797_000)
  writeFileSync(join(store, '20200101T000036Z-host.pcap'), 'cut off')
  writeFileSync(join(store, '20200101T000036Z-host.json.new'), 'cut off')
  ask('gone')
  t.equal(await run(), 1)
  const ids = recordingsIn(store).map(({ id }) => id)
  t.equal(ids.length, 20)
  t.match([ids[0], ids.at(-1)], ['20200101T000017Z-host', /-gone$/])
  t.strictSame(
    readdirSync(store).filter(name => !name.endsWith('.json')),
    ['20200101T000035Z-host.pcap'],
    'captures have to leave room for one of the largest kind',
  )
  t.match(recordingsIn(store).at(-1), { fault: /^no namespace is called "gone"/ })
})

t.test('what cannot be explained is kept all the same', { skip }, async t => {
  const { said, ask, store, ...places } = setUp(t)
  await burst(t)
  ask('host')
  t.equal(await record('/no/such/program', line => said.push(line), { ...places, store }), 1)
  const [recording] = recordingsIn(store)
  t.match(recording?.fault, /Cannot find module '\/no\/such\/program'/)
  t.equal(said.length, 1)
  t.match(said[0], /^host: Not explained: /)
  t.ok(statSync(join(store, `${recording?.id}.pcap`)).size > 1000)
})

t.test('what was captured before tcpdump was killed is kept and explained', { skip }, async t => {
  const { run, said, ask, store } = setUp(t)
  await burst(t)
  ask('host')
  const ended = run()
  let capture: string | undefined
  while (capture === undefined || statSync(join(store, capture)).size < 1000) {
    capture = readdirSync(store).find(name => name.endsWith('.pcap'))
    await new Promise(setImmediate)
  }
  for (const pid of children(process.pid))
    if (readFileSync(`/proc/${pid}/comm`, 'utf8') === 'tcpdump\n') process.kill(pid, 'SIGKILL')
  t.equal(await ended, 0)
  const [recording] = recordingsIn(store)
  t.match(recording?.explanation?.capture.notes, [/^tcpdump was killed: /])
  t.equal(said.length, 1)
})

function children(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
  return stdout.trim().split('\n').map(Number)
}

t.test('without tcpdump that is what is kept', { skip }, async t => {
  const { run, said, ask, store } = setUp(t)
  const { PATH } = process.env
  t.teardown(() => Object.assign(process.env, { PATH }))
  process.env.PATH = t.testdirName
  if (['/usr/sbin/tcpdump', '/sbin/tcpdump'].some(existsSync))
    return t.pass('it is where every capture looks')
  ask('host')
  t.equal(await run(), 1)
  t.match(recordingsIn(store), [{ fault: /^capturing needs tcpdump, which is not installed: apt install/ }])
  t.equal(said.length, 1)
  return undefined
})

/** Records on a disk of its own with room for as many bytes. @returns what was said, and the files that are left */
async function recordOn(t: Test, bytes: number): Promise<string[]> {
  const { request, store, ask } = setUp(t)
  ask('host')
  const code = `
    const { record } = require(${JSON.stringify(join(__dirname, '../../cli/record/record'))})
    const setting = ${JSON.stringify({ request, store, seconds: 2, between: 3 })}
    record(${JSON.stringify(command)}, line => console.log(line), setting)
      .catch(error => console.log(error.message))`
  const script = `mount -t tmpfs -o size=${bytes},mode=2750 tmpfs '${store}'; "$0" --import=tsx -e "$1"; ls '${store}'`
  const child = spawn('unshare', ['--mount', 'sh', '-c', script, process.execPath, code], {
    cwd: join(__dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    said += text
  })
  await once(child, 'close')
  return said.trim().split('\n')
}

t.test('a full disk is told once', { skip }, async t => {
  await burst(t)
  const page = 4096
  const noSpace = 'ENOSPC: no space left on device, write'
  t.match(await recordOn(t, 2 * page), [`host: Not explained: ${noSpace}.`, /^\S+-host\.json$/])
  t.match(await recordOn(t, page), [noSpace, /^\S+-host\.json$/])
})

/** Frames with a marked payload behind every header that a segment can have around it. */
const FRAMES = `
import sys
from scapy.all import *
from scapy.contrib.mpls import MPLS
mark = b'MARKED-PAYLOAD-0123456789'
tcp = lambda: TCP(sport=40000, dport=80, flags='PA', seq=1, ack=1, options=[('Timestamp', (1, 2))]) / mark
v4, v6 = lambda: IP(src='10.9.0.1', dst='10.9.0.2'), lambda: IPv6(src='fd00::1', dst='fd00::2')
ether = lambda: Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02')
frames = [
  ether() / v4() / tcp(), ether() / v6() / tcp(),
  ether() / v6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / tcp(),
  ether() / Dot1Q(vlan=7) / v4() / tcp(), ether() / Dot1Q(vlan=7) / v6() / tcp(),
  ether() / Dot1Q(vlan=7) / Dot1Q(vlan=8) / v4() / tcp(),
  ether() / v4() / v4() / tcp(), ether() / v4() / v6() / tcp(), ether() / v6() / v4() / tcp(),
  ether() / v4() / GRE() / v4() / tcp(), ether() / v4() / UDP(dport=4789) / VXLAN(vni=1) / ether() / v4() / tcp(),
  ether() / MPLS(label=3, s=1) / v4() / tcp(), ether() / PPPoE() / PPP(proto=0x21) / v4() / tcp(),
  ether() / v4() / TCP(sport=40000, dport=80, flags='R', seq=1) / mark,
] + [ether() / f for f in fragment(v4() / tcp(), 24)]
for _ in range(int(sys.argv[2])):
  sendp(frames, iface=sys.argv[1], verbose=False, inter=0.01)
`

t.test(
  'no payload is kept, whatever is around it',
  { skip: skip || (!existsSync('/usr/lib/python3/dist-packages/scapy') && 'needs scapy') },
  async t => {
    const { request, store, ask, said } = setUp(t)
    const wire = 'ip link add net0 type veth peer name net1 && ip link set net0 up && ip link set net1 up'
    const holder = spawn('unshare', ['--net', 'sh', '-c', `${wire}; echo up; read -r end`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.teardown(() => {
      holder.stdin.end()
      return holder.exitCode ?? once(holder, 'exit')
    })
    await once(holder.stdout, 'data')
    // Others may want the same name; the inode tells which one is meant.
    const name = wantedName(readOwner('', [Number(holder.pid)])?.name ?? '')
    const { ino } = statSync(`/proc/${holder.pid}/net/snmp`)
    const sender = spawn('nsenter', [
      '-t',
      String(holder.pid),
      '-n',
      '/usr/bin/python3',
      '-c',
      FRAMES,
      'net0',
      '40',
    ])
    t.teardown(() => sender.kill())
    ask(name, ino)
    t.equal(await record(command, line => said.push(line), { request, store, seconds: 12, between: 60 }), 0)
    const [recording] = recordingsIn(store)
    t.ok(
      Number(recording?.explanation?.capture.packets) > 50,
      `${recording?.explanation?.capture.packets} packets`,
    )
    const files = readdirSync(store)
    for (const file of files)
      for (const part of ['MARK', 'PAYL', '2345'])
        t.notOk(readFileSync(join(store, file)).includes(part), `${file}: ${part}`)
  },
)

t.test('the list, and one of it explained', { skip }, async t => {
  const { run, ask } = setUp(t)
  ask('nobody')
  await run()
  const child = spawn(command, ['recordings', 'show', 'nothing'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [code] = await once(child, 'close')
  t.equal(code, 2)
})
