/**
 * A private Netdata agent with this project's drop-in tree, for `npm start`, the tests and the benches.
 *
 * Everything it reads and writes is below one temporary directory, the agent sends nothing to any other machine,
 * and the machine's own agent, if there is one, is not touched. When the process that started it ends without
 * stopping it, even by SIGKILL, a watchdog does so within a few seconds. Linux only (it looks at /proc).
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface AgentOptions {
  /** The drop-in tree: `plugins.d`, `conf.d`, `health.d`, `web`; what it lacks is left to Netdata. */
  dist: string
  /** TCP port on 127.0.0.1. Without it the agent listens on its Unix socket only, and makes no TCP at all. */
  port?: number
  /** Name of an `ip netns` namespace to run in (needs root). */
  netns?: string
  /** Who the agent runs as when started by root; default `netdata`, or root where that user is of no use. */
  user?: string
  /** Sections of netdata.conf, over the ones set here: `{ section: { key: value } }`. */
  config?: Record<string, Record<string, string>>
  /** Files of the user configuration directory: `{ 'stream.conf': text, 'tcp_resets.conf': text }`. */
  files?: Record<string, string>
  hostname?: string
  /** Whether Netdata's own /proc collector runs (`ipv4.tcphandshake` and the like); default true. */
  stockCollectors?: boolean
  /** How many seconds it and its plugins live through in one, by libfaketime (Debian: faketime); default 1. Needs root. */
  speed?: number
  /** Executable run, with Netdata's arguments, for each alarm notification; default none, so nothing is sent. */
  onAlarm?: string
}

export interface Response {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** The part of /api/v1/chart used here. Times are Unix seconds. */
export interface Chart {
  id: string
  context: string
  family: string
  title: string
  units: string
  update_every: number
  first_entry: number
  last_entry: number
  dimensions: Record<string, { name: string }>
  chart_labels: Record<string, string>
}

export interface Agent {
  /** Its temporary directory: `etc`, `conf.d`, `plugins`, `web`, `cache`, `lib`, `log`, `netdata.sock`. */
  readonly dir: string
  readonly pid: number
  /** `http://127.0.0.1:<port>`; absent without a port. */
  readonly url?: string
  /** Resolves when the agent has ended: to undefined after stop(), else to how it ended (`signal SIGSEGV`). */
  readonly exited: Promise<string | undefined>
  /** GET over the Unix socket, whatever the status. Rejects when the agent does not answer within 30 s. */
  get(path: string): Promise<Response>
  /** The parsed body of a GET; rejects on any status but 200. */
  json(path: string): Promise<unknown>
  /** All the agent and its plugins have logged so far; all they ever logged after stop(). */
  log(): string
  /**
   * Asks `probe` every 100 ms until it gives something, and resolves to that. Rejects, naming `what` and with the end of
   * the log, after `timeoutMs` (default 15 s) or when the agent has ended, and when `probe` throws.
   */
  waitFor<T>(
    what: string,
    probe: () => Promise<T | undefined> | T | undefined,
    timeoutMs?: number,
  ): Promise<T>
  /** Resolves to the first match in log(). Rejects as waitFor() does. */
  waitForLog(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>
  /** Resolves to the chart once a value of it is stored. Rejects as waitFor() does. */
  waitForChart(id: string, timeoutMs?: number): Promise<Chart>
  /** The process of `<name>.plugin`, while it runs. */
  pluginPid(name?: string): number | undefined
  /** Makes the agent read its health configuration again; it tells of that in its log only. */
  reloadHealth(): void
  /**
   * Ends the agent and removes `dir`; also to be called after it ended by itself. Rejects when the agent had to be
   * killed or a plugin outlived it; both are gone by then all the same. Calling it again gives the same promise.
   */
  stop(): Promise<void>
}

export interface Netdata {
  binary: string
  stockPlugins: string
  stockConf: string
  web: string
}

/**
 * Where Netdata is installed: by a distribution, from source, or as the static build; undefined if it is not. The
 * environment's NETDATA_PREFIX names another installation, and then only that one counts.
 */
export function findNetdata(env: NodeJS.ProcessEnv = process.env): Netdata | undefined {
  const prefixes = env.NETDATA_PREFIX
    ? [env.NETDATA_PREFIX, `${env.NETDATA_PREFIX}/usr`]
    : ['/usr', '/usr/local', '/opt/netdata/usr']
  for (const prefix of prefixes) {
    const binary = [`${prefix}/sbin/netdata`, `${prefix}/bin/netdata`].find(existsSync)
    const stockPlugins = [`${prefix}/lib/netdata/plugins.d`, `${prefix}/libexec/netdata/plugins.d`].find(
      existsSync,
    )
    const stockConf = `${prefix}/lib/netdata/conf.d`
    const web = `${prefix}/share/netdata/web`
    if (binary && stockPlugins && existsSync(stockConf) && existsSync(web)) {
      return { binary, stockPlugins, stockConf, web }
    }
  }
  return undefined
}

/** The first TCP port from `from` upwards that nothing listens on at 127.0.0.1. Rejects when there is none. */
export async function freePort(from: number): Promise<number> {
  for (let port = from; port <= 65_535; port++) {
    const free = await new Promise<boolean>((resolve, reject) => {
      const server = createServer()
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      )
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
  throw new Error(`no free TCP port on 127.0.0.1 from ${from} upwards`)
}

/** A copy of `ours`, if there is any, with links to whatever else `stock` holds. */
function overlay(into: string, ours: string, stock?: string) {
  if (existsSync(ours)) cpSync(ours, into, { recursive: true, dereference: true })
  else mkdirSync(into)
  if (stock === undefined) return
  for (const name of readdirSync(stock)) {
    if (!existsSync(join(into, name))) symlinkSync(join(stock, name), join(into, name))
  }
}

/** Fills the agent's directory: the drop-in tree over the distribution's files, and the configuration. */
function furnish(dir: string, options: AgentOptions, netdata: Netdata, user: string | undefined) {
  const at = (name: string) => join(dir, name)
  for (const name of ['etc', 'cache', 'lib/cloud.d', 'log', 'run']) mkdirSync(at(name), { recursive: true })
  overlay(at('plugins'), join(options.dist, 'plugins.d'))
  overlay(at('conf.d'), join(options.dist, 'conf.d'), netdata.stockConf)
  overlay(at('web'), join(options.dist, 'web'), netdata.web)
  overlay(at('etc/health.d'), join(options.dist, 'health.d'))

  const ours = readdirSync(at('plugins')).filter(name => name.endsWith('.plugin'))
  const config: Record<string, Record<string, string>> = {
    global: {
      ...(user && { 'run as user': user }),
      ...(options.hostname && { hostname: options.hostname }),
    },
    directories: {
      config: at('etc'),
      'stock config': at('conf.d'),
      plugins: `"${netdata.stockPlugins}" "${at('plugins')}"`,
      web: at('web'),
      cache: at('cache'),
      lib: at('lib'),
      log: at('log'),
      home: dir,
    },
    db: { mode: 'ram' },
    web: {
      'bind to': `${options.port ? `127.0.0.1:${options.port} ` : ''}unix:${at('netdata.sock')}`,
      'custom dashboard_info.js': 'guides/tcp/dashboard.js', // dashboards before 2 make links with it
    },
    // A dashboard asks the registry named here: this agent itself, which has none.
    registry: {
      enabled: 'no',
      'registry to announce': options.port ? `http://127.0.0.1:${options.port}` : '',
    },
    logs: {
      'errors to trigger flood protection': '1000000', // 1.37
      'logs to trigger flood protection': '1000000', // 2
    },
    ml: { enabled: 'no' },
    health: { 'script to execute on alarm': options.onAlarm ?? '/bin/true' },
    plugins: {
      'check for new plugins every': '5',
      'enable running new plugins': 'no',
      ...Object.fromEntries(ours.map(name => [basename(name, '.plugin'), 'yes'])),
      proc: options.stockCollectors === false ? 'no' : 'yes',
      ...Object.fromEntries(
        ['cgroups', 'diskspace', 'idlejitter', 'statsd', 'tc', 'timex'].map(name => [name, 'no']),
      ),
    },
  }
  for (const [section, keys] of Object.entries(options.config ?? {})) {
    config[section] = { ...config[section], ...keys }
  }

  writeFileSync(at('etc/netdata.conf'), ini(config))
  writeFileSync(at('etc/.opt-out-from-anonymous-statistics'), '')
  writeFileSync(at('lib/cloud.d/cloud.conf'), ini({ global: { enabled: 'no' } }))
  for (const [name, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(at(`etc/${name}`)), { recursive: true })
    writeFileSync(at(`etc/${name}`), text)
  }
  if (user) execFileSync('chown', ['-hR', user, dir]) // -h: the links, never the files of others they lead to
}

function ini(config: Record<string, Record<string, string>>): string {
  return Object.entries(config)
    .flatMap(([section, keys]) => [
      `[${section}]`,
      ...Object.entries(keys).map(([key, value]) => `  ${key} = ${value}`),
    ])
    .join('\n')
}

/** `netdata`, unless that user is missing or cannot run this Node (a version manager's below /root, say). */
function defaultUser(): string {
  const uid = Number(spawnSync('id', ['-u', 'netdata'], { encoding: 'utf8' }).stdout || 0)
  return uid && spawnSync(process.execPath, ['-e', '0'], { uid, cwd: '/' }).status === 0 ? 'netdata' : 'root'
}

// Netdata's command socket: its path is compiled in (later versions know NETDATA_PIPENAME), and whoever starts last
// takes it from the one before. Bound onto itself in a mount namespace of the agent's own, it cannot be taken.
const commandSocket = '/tmp/netdata-ipc'
const shield = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `mount --bind ${commandSocket} ${commandSocket}; exec "$0" "$@"`,
]

/**
 * Starts a process whose input ends when this one is gone, however it went, and which then stops the agent and removes
 * its directory. To be killed once that is done in order.
 */
function watch(agent: number, dir: string) {
  const script = `
    read -r nothing
    for try in 1 2 3 4 5 6 7 8 9 10; do kill -TERM "$0" || break; sleep 0.5; done
    kill -KILL "-$0"
    sleep 0.2
    rm -rf "$1"`
  const watchdog = spawn('sh', ['-c', script, String(agent), dir], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  ;(watchdog.stdin as Socket).unref()
  return watchdog
}

/** Processes whose command line names a path that begins with `path`, in the order of their ids. */
function processesOf(path: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => {
      try {
        return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path)
      } catch {
        return false // it has just ended
      }
    })
    .sort((a, b) => a - b)
}

/** 0 once it has ended. */
function parentOf(pid: number): number {
  try {
    // What comes before the last `)` is the name, which can have anything in it (proc(5), stat).
    return Number(/^ \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''))?.[1])
  } catch {
    return 0
  }
}

/** What faketime stands before: it passes no signal on. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return [] // it has just ended
  }
}

/** SIGKILL; for a process group, its id negated. */
function killNow(pid: number) {
  kill(pid, 'SIGKILL')
}

function kill(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(pid, signal)
  } catch {
    // it has just ended
  }
}

/**
 * Starts an agent and resolves once its API answers. Rejects, with everything cleaned up and the end of the log in
 * the message, when Netdata is not installed, or ends, or does not answer within 30 s.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const netdata = findNetdata()
  if (!netdata) throw new Error('Netdata is not installed')

  const dir = mkdtempSync(join(tmpdir(), 'tcp-resets-agent-'))
  const at = (name: string) => join(dir, name)
  try {
    furnish(dir, options, netdata, process.getuid?.() === 0 ? (options.user ?? defaultUser()) : undefined)
  } catch (error) {
    rmSync(dir, { recursive: true })
    throw error
  }

  const ownsCommandSocket = !existsSync(commandSocket)
  const command = [
    ...(options.netns ? ['ip', 'netns', 'exec', options.netns] : []),
    ...(!ownsCommandSocket && spawnSync('unshare', ['--mount', 'true']).status === 0 ? shield : []),
    ...(options.speed ? ['faketime', '-m', '-f', `+0 x${options.speed}`] : []),
    ...[netdata.binary, '-D', '-c', at('etc/netdata.conf')],
  ]
  const output = openSync(at('log/start.log'), 'a')
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: dir,
    // Few variables: a test runner's NODE_OPTIONS are not for the plugin. Its Node is the one that runs this.
    env: {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      DO_NOT_TRACK: '1',
      NETDATA_PIPENAME: at('netdata.pipe'),
      NETDATA_RUN_DIR: at('run'), // or agents from 2 on start their plugins through each other's sockets
      ...(process.env.TZ && { TZ: process.env.TZ }),
    },
    detached: true, // a session of its own: Ctrl-C reaches this process only, which then stops the agent in order
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const watchdog = watch(child.pid as number, dir)

  let ended: string | undefined
  let stopping: Promise<void> | undefined
  const exited = new Promise<string | undefined>(resolve => {
    const end = (how: string) => {
      ended ??= how
      resolve(stopping ? undefined : ended)
    }
    child.once('error', error => end(error.message))
    child.once('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`))
  })

  let finalLog: string | undefined
  function log() {
    if (finalLog !== undefined) return finalLog
    return ['start.log', 'health.log', 'collector.log', 'error.log', 'daemon.log']
      .map(name => join(at('log'), name))
      .map(path => (existsSync(path) ? readFileSync(path, 'utf8') : ''))
      .join('')
  }

  function get(path: string): Promise<Response> {
    return new Promise((resolve, reject) => {
      const call = request(
        { socketPath: at('netdata.sock'), path, agent: false, timeout: 30_000 },
        answer => {
          let body = ''
          answer.setEncoding('utf8')
          answer.on('data', text => {
            body += text
          })
          answer.on('error', reject)
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }))
        },
      )
      call.on('timeout', () => call.destroy(new Error(`GET ${path}: no answer within 30 s`)))
      call.on('error', reject)
      call.end()
    })
  }

  async function json(path: string): Promise<unknown> {
    const { status, body } = await get(path)
    if (status !== 200) throw new Error(`GET ${path}: status ${status}: ${body.slice(0, 200)}`)
    return JSON.parse(body)
  }

  // The agent announces nothing, so all that can be done is to ask it again and again.
  async function waitFor<T>(
    what: string,
    probe: () => Promise<T | undefined> | T | undefined,
    timeoutMs = 60_000,
  ): Promise<T> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const found = await probe()
      if (found !== undefined) return found
      if (ended) throw new Error(`the agent ended (${ended}) before ${what}:\n${lastLines(log())}`)
      if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}:\n${lastLines(log())}`)
      await sleep(100)
    }
  }

  async function end() {
    const faults: string[] = []
    const tooLong = setTimeout(() => {
      faults.push('the agent did not stop within 60 s and was killed')
      killNow(-(child.pid as number))
    }, 60_000)
    const terminate = () => {
      if (options.speed === undefined) child.kill('SIGTERM')
      else for (const pid of childrenOf(child.pid as number)) kill(pid, 'SIGTERM')
    }
    terminate()
    const again = setInterval(terminate, 500) // one that comes while it starts is lost on it
    await exited
    clearInterval(again)
    clearTimeout(tooLong)
    // It tells its plugins to end, and does not wait for long.
    const deadline = Date.now() + 10_000
    let orphans = processesOf(at('plugins/'))
    for (; orphans.length > 0 && Date.now() < deadline; orphans = processesOf(at('plugins/'))) await sleep(20)
    // A child of a plugin has its command line until it runs a program of its own.
    const outlived = orphans.filter(pid => !orphans.includes(parentOf(pid)))
    if (orphans.length > 0)
      faults.push(`plugin process ${outlived} outlived the agent by 10 s and was killed`)
    orphans.forEach(killNow)
    finalLog = log()
    rmSync(dir, { recursive: true, maxRetries: 10, retryDelay: 50 })
    if (ownsCommandSocket) rmSync(commandSocket, { force: true })
    watchdog.kill('SIGKILL')
    if (faults.length > 0) throw new Error(faults.join('; '))
  }

  function stop() {
    stopping ??= end()
    return stopping
  }

  try {
    const answers = async () => (await get('/api/v1/info').catch(() => undefined))?.status
    // 412: to those with a token only.
    await waitFor(
      'its API answered',
      async () => [200, 412].includes((await answers()) ?? 0) || undefined,
      30_000,
    )
  } catch (error) {
    await stop().catch(() => undefined) // what went wrong first is what matters
    throw error
  }

  return {
    dir,
    pid: child.pid as number,
    ...(options.port ? { url: `http://127.0.0.1:${options.port}` } : {}),
    exited,
    get,
    json,
    log,
    waitFor,
    waitForLog: (pattern, timeoutMs) =>
      waitFor(`${pattern} was logged`, () => log().match(pattern) ?? undefined, timeoutMs),
    waitForChart: (id, timeoutMs) =>
      waitFor(
        `the chart ${id} held a value`,
        async () => {
          const chart = (await json(`/api/v1/chart?chart=${id}`).catch(() => undefined)) as Chart | undefined
          // The first value sets the point that the second is a rate from, and only that one is stored. Asking for
          // data before would make the agent log internal errors.
          return chart && chart.last_entry > chart.first_entry + chart.update_every ? chart : undefined
        },
        timeoutMs,
      ),
    pluginPid: (name = 'tcp_resets') => processesOf(at(`plugins/${name}.plugin`))[0],
    reloadHealth: () => {
      process.kill(child.pid as number, 'SIGUSR2')
    },
    stop,
  }
}

/** The end of a log, for a message. */
export function lastLines(log: string, count = 15): string {
  return log.trimEnd().split('\n').slice(-count).join('\n')
}
