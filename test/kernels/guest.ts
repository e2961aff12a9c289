/** What runs as root in a booted kernel: the grant, and the plugin as the agent's user beside real resets. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { release } from 'node:os'

/** What the tests get to know, as JSON on the last line that starts with REPORT. */
export interface Report {
  readonly kernel: string
  readonly grant: { readonly status: number | null; readonly stderr: string }
  /** Rises of the dimensions of ipv4.tcp_resets_traced, and of the host's chart; absent where there was no grant. */
  readonly traced?: Readonly<Record<string, number>>
  readonly host?: Readonly<Record<string, number>>
  readonly log: string
  readonly revoke: { readonly status: number | null; readonly stderr: string }
  /** Names of trace instances at the end. */
  readonly left: readonly string[]
}

const REFUSED = 20
const ABORTED = 10
const AS_NETDATA = ['--reuid=201', '--regid=201', '--clear-groups', '--no-new-privs']

const script = (word: string) => {
  const { status, stderr } = spawnSync('/usr/sbin/tcp-resets-grant', [word], { encoding: 'utf8' })
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

async function refusedConnects(): Promise<void> {
  for (let i = 0; i < REFUSED; i++) {
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

async function watched(): Promise<Pick<Report, 'traced' | 'host' | 'log'>> {
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
      await Promise.race([once(plugin.stdout, 'data'), once(plugin, 'close')])
  }
  const ticks = (): number => out.split(/^BEGIN ipv4\.tcp_resets(?: |$)/m).length - 1
  await until(() => ticks() >= 2)
  await refusedConnects()
  await abortedConnections()
  const then = ticks()
  // What was read after the last reset is counted at the tick after that.
  await until(() => ticks() >= then + 4)
  const ended = once(plugin, 'close')
  plugin.kill()
  await ended
  return { traced: rises(out, 'ipv4.tcp_resets_traced'), host: rises(out, 'ipv4.tcp_resets'), log }
}

async function main(): Promise<void> {
  const grant = script('grant')
  const seen = grant.status === 0 ? await watched() : { log: '' }
  const revoke = script('revoke')
  spawnSync('mount', ['-t', 'tracefs', 'tracefs', '/mnt'])
  const left = spawnSync('ls', ['/mnt/instances'], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean)
  const report: Report = { kernel: release(), grant, ...seen, revoke, left }
  console.log(`REPORT ${JSON.stringify(report)}`)
}

main().catch(error => {
  console.log(error)
  process.exit(1)
})
