/** What runs as root in a booted kernel: the grant, and the plugin as the agent's user beside real resets. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readSync, writeSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { release } from 'node:os'

/** What a program said that was run. */
export interface Said {
  readonly status: number | null
  readonly stderr: string
}

/** What is seen with one kind of grant. */
export interface Seen {
  readonly grant: Said
  /** Rises of the dimensions of ipv4.tcp_resets_traced, and of the host's chart; absent where there was no grant. */
  readonly traced?: Readonly<Record<string, number>>
  readonly host?: Readonly<Record<string, number>>
  /** The same of the chart of a second network namespace. */
  readonly other?: Readonly<Record<string, number>>
  /** What each chart says last of how it knows what was received. */
  readonly received?: Readonly<Record<string, string>>
  readonly log: string
  readonly revoke: Said
  /** Names of trace instances and dynamic events afterwards. */
  readonly left: readonly string[]
}

/** What the tests get to know, as JSON on the last line that starts with REPORT. */
export interface Report {
  readonly kernel: string
  /** By the script of the two tracepoints, and by the command with the dynamic events. */
  readonly script: Seen
  readonly command: Seen
  /** What the command says and leaves where it can't have the dynamic events, by what is in the way. */
  readonly without: Readonly<Record<string, Said & { readonly events: string }>>
}

const REFUSED = 20
const ABORTED = 10
const PENDING = 2
const PENDING_PORT = 4001
/** The chart of a namespace is called by what runs in it. */
const OTHER = 'ipv4.tcp_resets_other'
const REFUSED_INSIDE = 7
const REFUSED_WITHOUT = 5
const SHOWN = '/run/netdata-tcp-resets/received/trace_pipe'
const TRACEFS = '/sys/kernel/tracing'
const AS_NETDATA = ['--reuid=201', '--regid=201', '--clear-groups', '--no-new-privs']

const say = (program: string, ...args: string[]): Said => {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { status, stderr }
}

/** The values that a chart's dimensions had last, and had first. */
function rises(stdout: string, chart: string): Record<string, number> {
  const ends = new Map<string, { first: number; last: number }>()
  for (const [, id, body = ''] of stdout.matchAll(/^BEGIN (\S+)[^\n]*\n([\s\S]*?)\nEND$/gm)) {
    if (id !== chart) continue
    for (const [, name = '', value] of body.matchAll(/^SET (\S+) = (\d+)$/gm)) {
      ends.set(name, { first: ends.get(name)?.first ?? Number(value), last: Number(value) })
    }
  }
  return Object.fromEntries([...ends].map(([name, { first, last }]) => [name, last - first]))
}

/** The label `received` of each chart, as it was said last. */
function labels(stdout: string): Record<string, string> {
  const said = stdout.matchAll(/^CHART (\S+)(?:(?!^CHART)[\s\S])*?^CLABEL received '(\w+)' 1$/gm)
  return Object.fromEntries([...said].map(([, chart, value]) => [chart, value]))
}

async function refusedConnects(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const socket = connect({ port: 9, host: i % 2 === 0 ? '127.0.0.1' : '::1' })
    await new Promise(done => socket.on('error', () => {}).on('close', done))
  }
}

async function abortedConnections(): Promise<void> {
  const server: Server = createServer(socket => {
    socket.on('error', () => {})
  })
  server.listen(4000, '127.0.0.1')
  await once(server, 'listening')
  for (let i = 0; i < ABORTED; i++) {
    const accepted = once(server, 'connection')
    const socket = connect(4000, '127.0.0.1')
    const [[peer]] = await Promise.all([accepted, once(socket, 'connect')])
    const ended = new Promise(done => peer.on('close', done))
    socket.resetAndDestroy()
    await ended
  }
  server.close()
}

/**
 * Connections that wait for a program that ends without taking them. The kernel resets them; by its counters it looks as if
 * as many were received as sent.
 */
async function neverAccepted(): Promise<void> {
  const program = spawn(process.execPath, [__filename, 'listen'])
  await once(program.stdout, 'data')
  const callers = Array.from({ length: PENDING }, () => connect(PENDING_PORT, '127.0.0.1'))
  await Promise.all(callers.map(caller => once(caller, 'connect')))
  const reset = callers.map(caller => once(caller, 'error'))
  program.stdin.end('end\n')
  await Promise.all(reset)
}

/** Listens, and is then too busy to take a connection. */
function listen(): void {
  createServer().listen(PENDING_PORT, '127.0.0.1', () => {
    writeSync(1, 'ready\n')
    readSync(0, Buffer.alloc(1))
    process.exit()
  })
}

/** In a network namespace of its own: some traffic, so that it gets a chart, and resets at a word. */
async function inside(): Promise<void> {
  process.title = 'other'
  spawnSync('ip', ['link', 'set', 'lo', 'up'])
  await refusedConnects(1)
  writeSync(1, 'ready\n')
  process.stdin.on('data', () => refusedConnects(REFUSED_INSIDE))
  await once(process.stdin, 'close')
}

/** Resets while the grant is taken back, before the plugin can have noticed, and again when it is there anew. */
async function regranted(program: string, isReading: () => Promise<void>): Promise<void> {
  const revoking = spawn(program, ['revoke'])
  while (existsSync(SHOWN)) await new Promise(setImmediate)
  await refusedConnects(REFUSED_WITHOUT)
  await once(revoking, 'close')
  say(program, 'grant')
  await isReading()
  await refusedConnects(REFUSED_WITHOUT)
}

async function watched(
  program: string,
  other: ChildProcessWithoutNullStreams,
): Promise<Omit<Seen, 'grant' | 'revoke' | 'left'>> {
  const plugin = spawn('setpriv', [...AS_NETDATA, '/usr/libexec/tcp_resets.plugin', '1'])
  let out = ''
  let log = ''
  plugin.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  plugin.stderr.setEncoding('utf8').on('data', text => {
    log += text
  })
  const until = async (done: () => boolean): Promise<void> => {
    for (const deadline = Date.now() + 60_000; !done() && Date.now() < deadline; )
      await Promise.race([once(plugin.stdout, 'data'), once(plugin.stderr, 'data'), once(plugin, 'close')])
  }
  const ticks = (): number => out.split(/^BEGIN ipv4\.tcp_resets(?: |$)/m).length - 1
  // A network namespace that lasts gets a chart after half a minute.
  await until(() => out.includes(`\nBEGIN ${OTHER} `))
  await refusedConnects(REFUSED)
  await abortedConnections()
  await neverAccepted()
  other.stdin.write('go\n')
  // What was read after a reset is counted at the tick after that.
  const counted = async () => {
    const then = ticks()
    await until(() => ticks() >= then + 4)
  }
  await counted()
  const reading = () => log.split('tracing: reading the reasons').length - 1
  await regranted(program, async () => {
    await until(() => reading() >= 2)
    // The tick that finds the grant still estimates.
    await counted()
  })
  await counted()
  const ended = once(plugin, 'close')
  plugin.kill()
  await ended
  return {
    traced: rises(out, 'ipv4.tcp_resets_traced'),
    host: rises(out, 'ipv4.tcp_resets'),
    other: rises(out, OTHER),
    received: labels(out),
    log,
  }
}

async function seenWith(program: string, other: ChildProcessWithoutNullStreams): Promise<Seen> {
  const grant = say(program, 'grant')
  const seen = grant.status === 0 ? await watched(program, other) : { log: '' }
  const revoke = say(program, 'revoke')
  return { grant, ...seen, revoke, left: left() }
}

/** Under lockdown tracefs is empty, and to unmount it then hangs some kernels. */
function left(): string[] {
  spawnSync('mount', ['-t', 'tracefs', 'tracefs', '/mnt'])
  const instances = spawnSync('ls', ['/mnt/instances'], { encoding: 'utf8' })
  const events = spawnSync('cat', ['/mnt/kprobe_events'], { encoding: 'utf8' })
  if (instances.status === 0) spawnSync('umount', ['/mnt'])
  return `${instances.stdout}${events.stdout}`.split('\n').filter(Boolean)
}

/** What keeps the dynamic events from being had: each a command of the shell. */
const OBSTACLES = {
  'no BTF': 'mount -t tmpfs none /sys/kernel/btf',
  'a function that is not there': `grep -v tcp_check_req ${TRACEFS}/available_filter_functions >/tmp/functions
    mount --bind /tmp/functions ${TRACEFS}/available_filter_functions`,
  'a refused definition': `mount --bind /proc/version ${TRACEFS}/kprobe_events`,
  'a failing self-test':
    'printf "#!/bin/sh\nexit 1\n" >/tmp/ip; chmod +x /tmp/ip; mount --bind /tmp/ip /usr/bin/ip',
}

/** Each in mounts of its own. */
function withoutEvents(): Report['without'] {
  spawnSync('mount', ['-t', 'tracefs', 'tracefs', TRACEFS])
  return Object.fromEntries(
    Object.entries(OBSTACLES).map(([name, obstacle]) => {
      const grant = `set -e; ${obstacle}; exec tcp-resets grant`
      const said = say('unshare', '--mount', 'sh', '-c', grant)
      const events = `${TRACEFS}/instances/netdata_tcp_resets_received/events`
      const enabled = (event: string) =>
        spawnSync('cat', [`${events}/${event}/enable`], { encoding: 'utf8' }).stdout
      const seen = { ...said, events: `${enabled('tcp/tcp_receive_reset')}${enabled('netdata_tcp_resets')}` }
      say('tcp-resets', 'revoke')
      return [name, seen]
    }),
  )
}

async function main(): Promise<void> {
  const other = spawn('unshare', ['--net', process.execPath, __filename, 'inside'])
  await once(other.stdout, 'data')
  const script = await seenWith('/usr/sbin/tcp-resets-grant', other)
  const command = await seenWith('/usr/bin/tcp-resets', other)
  other.stdin.end()
  const without = command.grant.status === 0 ? withoutEvents() : {}
  const report: Report = { kernel: release(), script, command, without }
  console.log(`REPORT ${JSON.stringify(report)}`)
}

const ACTS: Readonly<Record<string, () => unknown>> = { listen, inside }

Promise.resolve((ACTS[process.argv[2] ?? ''] ?? main)()).catch(error => {
  console.log(error)
  process.exit(1)
})
