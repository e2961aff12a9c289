import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { wantedName } from '../../plugin/namespaces/name'
import { readOwner } from '../../plugin/namespaces/owner'

// `tcp-resets explain --live` as people run it: real captures with the system's tcpdump, on loopback and in a namespace of
// the test's own.

const command = join(__dirname, '..', '..', 'dist', 'bin', 'tcp-resets')

const skip =
  (process.platform !== 'linux' && 'needs Linux') ||
  (process.getuid?.() !== 0 && 'needs root: the right to capture') ||
  (spawnSync('tcpdump', ['--version']).error !== undefined && 'tcpdump is not installed')

/** A port below the ephemeral ones that nobody listens on. */
const CLOSED = 19
const ON_LOOPBACK = ['--interface', 'lo', '--host', '127.0.0.1', '--port', String(CLOSED)]
const PAYLOAD = 'marked-payload-of-a-connection'

interface Run {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Run {
  const child = spawn(command, ['explain', '--live', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  return {
    child,
    ended: once(child, 'close').then(([code]) => ({ code, stdout: stdout.replace(/\s+/g, ' '), stderr })),
  }
}

/** Asks for a port again and again, until it is told to stop: tcpdump needs a moment to begin. */
function again(port: number, talk: (socket: ReturnType<typeof connect>) => void = () => {}): () => void {
  let on = true
  const next = (): void => {
    if (!on) return
    const socket = connect(port, '127.0.0.1', () => talk(socket))
    socket.on('error', () => {}).on('close', () => setImmediate(next))
  }
  next()
  return () => {
    on = false
  }
}

t.test('captures until there are enough packets, and explains them', { skip }, async t => {
  t.teardown(again(CLOSED))
  const { code, stdout, stderr } = await start([...ON_LOOPBACK, '--seconds', '60', '--packets', '8']).ended
  t.equal(code, 0)
  t.equal(stderr, 'capturing for 60 s or 8 packets, headers only; Ctrl-C ends it\n')
  t.match(stdout, /^this capture: 8 packets, 8 of TCP, /)
  t.match(stdout, /127\.0\.0\.1:19 refused every one of the \d connections that 1 host asked for/)
})

t.test('names the program that has the port', { skip }, async t => {
  const server = createServer(socket => socket.resetAndDestroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  t.teardown(again(port))
  const { code, stdout } = await start(['--port', String(port), '--interface', 'lo', '--packets', '20']).ended
  t.equal(code, 0)
  t.match(stdout, new RegExp(`Note: 127\\.0\\.0\\.1:${port} is this host's: node`))
})

t.test(
  'what is saved has no payload, is its owner’s alone, and nothing is written over',
  { skip },
  async t => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.on('data', () => socket.resetAndDestroy())
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const { port } = server.address() as { port: number }
    t.teardown(again(port, socket => socket.write(PAYLOAD)))
    const save = join(t.testdir({}), 'kept.pcap')
    const args = ['--port', String(port), '--interface', 'lo', '--packets', '40', '--save', save]
    const live = await start([...args, '--json']).ended
    t.equal(live.code, 0)
    t.equal(statSync(save).mode & 0o777, 0o600)
    const file = readFileSync(save)
    t.notOk(file.includes(PAYLOAD.slice(0, 8)), 'no payload')

    // The kept file says the same, to us and to tcpdump.
    const told = JSON.parse(live.stdout)
    const kept = spawnSync(command, ['explain', '--json', save], { encoding: 'utf8' })
    t.same(JSON.parse(kept.stdout).resets, told.resets)
    t.equal(told.resets.at(-1).bytesTo, PAYLOAD.length, 'how much payload there was')
    const { stdout, stderr } = spawnSync('tcpdump', ['-nn', '-r', save], { encoding: 'utf8' })
    t.notMatch(stderr, /truncated|error/)
    t.equal(stdout.trim().split('\n').length, 40)
    t.match(stdout, new RegExp(`Flags \\[P\\.\\].* length ${PAYLOAD.length}`))

    const over = await start(args).ended
    t.match(over, {
      code: 2,
      stdout: '',
      stderr: /^tcp-resets: --save: .*kept\.pcap: file already exists\n$/,
    })
    t.same(readFileSync(save), file)
  },
)

t.test('ends when its time is up', { skip }, async t => {
  const quiet = await start(['--interface', 'lo', '--port', '1', '--seconds', '1']).ended
  t.match(quiet, { code: 0, stdout: /There are no TCP resets in this capture/ })
})

t.test('Ctrl-C ends the capture, and what there is is explained', { skip }, async t => {
  t.teardown(again(CLOSED))
  const save = join(t.testdir({}), 'so-far.pcap')
  const { child, ended } = start([...ON_LOOPBACK, '--seconds', '60', '--packets', '1000000', '--save', save])
  while (!existsSync(save) || statSync(save).size < 200) await new Promise(setImmediate)
  child.kill('SIGINT')
  t.match(await ended, { code: 130, stdout: /refused every one/ })
})

t.test('says what is wrong', { skip }, async t => {
  const cases: [string[], RegExp][] = [
    [['--interface', 'no-such0'], /^tcp-resets: tcpdump: no-such0: .*\n$/m],
    [
      ['--container', 'no-such'],
      /^tcp-resets: --container: no namespace is called "no-such"; there are: .*\n$/m,
    ],
  ]
  for (const [args, message] of cases) {
    t.match(await start([...args, '--seconds', '1']).ended, { code: 1, stdout: '', stderr: message })
  }
  const bin = t.testdir({})
  symlinkSync(process.execPath, join(bin, 'node'))
  const bare = spawnSync(
    'unshare',
    [
      '--mount',
      'sh',
      '-c',
      `mount -t tmpfs none /usr/sbin && PATH='${bin}' exec '${command}' explain --live`,
    ],
    { encoding: 'utf8' },
  )
  t.match(bare, {
    status: 1,
    stdout: '',
    stderr: /capturing needs tcpdump, which is not installed: apt install/,
  })
  const nobody = spawnSync(
    'setpriv',
    ['--reuid=65534', '--regid=65534', '--clear-groups', command, 'explain', '--live'],
    {
      encoding: 'utf8',
    },
  )
  t.match(nobody, { status: 1, stdout: '', stderr: /--live needs the right to capture: run it as root/ })
})

/** A network namespace with loopback and one address, until the test ends; what is put before a command to run it there. */
async function namespace(t: Test): Promise<{ pid: number; inside: readonly string[] }> {
  const setUp =
    'ip link set lo up; ip link add veth0 type veth peer veth1; ip address add 10.99.0.1/24 dev veth0'
  const child = spawn(
    'unshare',
    ['--net', 'sh', '-c', `${setUp}; ip link set veth0 up; ip link set veth1 up; echo up; read end`],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  t.teardown(() => ended(child))
  await once(child.stdout, 'data')
  const pid = child.pid ?? 0
  return { pid, inside: ['nsenter', '-t', String(pid), '-n'] }
}

function background(t: Test, [program = '', ...args]: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => ended(child))
  return child
}

/** A program that asks for these ports in turn, without end. */
const connects = (address: string, ...ports: readonly number[]): string => `
  const ports = ${JSON.stringify(ports)}
  const next = at => require('net').connect(ports[at % ports.length], '${address}')
    .on('error', () => {}).on('close', () => next(at + 1)).resume()
  next(0)`

t.test('captures in the namespace that a chart is named for', { skip }, async t => {
  const { pid, inside } = await namespace(t)
  const inode = statSync(`/proc/${pid}/net/snmp`).ino
  const name = `${wantedName(readOwner('', [pid])?.name ?? '')}_${inode}`
  background(t, [...inside, process.execPath, '-e', connects('127.0.0.1', CLOSED)])
  const { code, stdout } = await start([...ON_LOOPBACK, '--container', name, '--packets', '4']).ended
  t.equal(code, 0)
  t.match(stdout, /^this capture: 4 packets, 4 of TCP/, 'its packets, not ours')
  t.notMatch(stdout, /is this host's/)
})

t.test('tells of a program that listens where others cannot reach it', { skip }, async t => {
  const { inside } = await namespace(t)
  const listen = `
    const { createServer } = require('net')
    createServer().listen(8081, '127.0.0.1').on('listening', () =>
      createServer().listen(8082, '::ffff:127.0.0.1').on('listening', () =>
        createServer(socket => socket.resetAndDestroy()).listen(8083, () => console.log('up'))))`
  const server = background(t, [...inside, process.execPath, '-e', listen])
  if (server.stdout !== null) await once(server.stdout, 'data')
  background(t, [...inside, process.execPath, '-e', connects('10.99.0.1', 8081, 8082, 8083, 8084)])
  const [program = '', ...args] = [...inside, command, 'explain', '--live', '--packets', '60']
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' })
  const notes = stdout.replace(/\s+/g, ' ')
  for (const port of [8081, 8082]) {
    t.match(
      notes,
      new RegExp(
        `10\\.99\\.0\\.1:${port} is this host's: node \\(user root\\) has that port, but listens on loopback alone`,
      ),
    )
  }
  t.match(notes, "10.99.0.1:8083 is this host's: node (user root) has that port.")
  t.match(notes, "10.99.0.1:8084 is this host's: nobody has that port now.")
})

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
