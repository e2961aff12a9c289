import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { record, type Setting } from '../../cli/record/record'
import { keep } from '../../cli/record/store'
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
): Setting & { said: string[]; run: () => Promise<number>; ask: (name: string) => void } {
  const dir = t.testdir({ store: {}, request: '' })
  const setting = { request: join(dir, 'request'), store: join(dir, 'store'), seconds: 3, between: 60 }
  chmodSync(setting.request, 0o620)
  const said: string[] = []
  return {
    ...setting,
    said,
    run: () => record(command, line => said.push(line), setting),
    ask: name => askForRecording(name, setting.request),
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
    /^not recorded: name-0, name-1, .*name-4 and 3 more: the last recording began \d+ s ago, and there is one in 60 s$/,
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
    'a b\n$(id)\n;reboot\n',
    '\xff\xfe\n',
  ]) {
    writeFileSync(request, text, 'latin1')
    t.equal(await run(), 0)
    t.equal(statSync(request).size, 0)
  }
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

t.test('the list, and one of it explained', { skip }, async t => {
  const { run, ask } = setUp(t)
  ask('nobody')
  await run()
  const child = spawn(command, ['recordings', 'show', 'nothing'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [code] = await once(child, 'close')
  t.equal(code, 2)
})
