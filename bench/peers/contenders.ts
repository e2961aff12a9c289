import { chownSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dist } from '../../scripts/build'
import { ensurePackages } from '../../scripts/debian-packages'
import { compile } from '../compile'
import { user } from './running'

/** A program that is measured. */
export interface Contender {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** What of its text is the first data. Absent where its text waits in a buffer, or there is none. */
  readonly firstData?: RegExp
  /** Where it is asked each second, if it only answers. */
  readonly url?: string
}

export const SHIPPED = 'plugin, as shipped'
export const HOST_ONLY = 'plugin, host’s charts only'
export const PYTHON = 'python.d.plugin'
export const BASH = 'charts.d.plugin'
export const EXPORTER = 'prometheus-node-exporter'
export const NODE = 'Node, idle'
export const LIMIT = 'C, the limit'
/** The same that say when they are on time. They are there for the jitter. */
export const NODE_TELLS = 'Node, idle, that writes a line'
export const LIMIT_TELLS = 'C, the limit, that writes a line'

const PACKAGES: Readonly<Record<string, string>> = {
  '/usr/lib/netdata/plugins.d/python.d.plugin': 'netdata-plugins-python',
  '/usr/lib/netdata/plugins.d/charts.d.plugin': 'netdata-plugins-bash',
  curl: 'curl', // charts.d.plugin does not start without
  '/usr/bin/prometheus-node-exporter': 'prometheus-node-exporter',
  '/usr/sbin/collectd': 'collectd-core',
  cc: 'gcc',
  strace: 'strace',
}

export interface Contest {
  readonly contenders: readonly Contender[]
  /** Packages that could not be had. */
  readonly missing: readonly string[]
  /** A folder for programs that are compiled. */
  readonly dir: string
  remove(): void
}

/** Makes ready all that take part, as far as it can be had here. */
export async function makeContest(): Promise<Contest> {
  const { missing } = ensurePackages(PACKAGES)
  const has = (path: string): boolean => !missing.includes(PACKAGES[path] ?? '')
  const dir = mkdtempSync(join(tmpdir(), 'tcp-resets-bench-'))
  giveAway(dir)

  const contenders: Contender[] = [...plugins(dir), ...nodes(dir)]
  const limit = compile(join(__dirname, 'limit.c'), dir)
  if (limit !== undefined) {
    contenders.push({ name: LIMIT, command: limit, args: [] })
    contenders.push({ name: LIMIT_TELLS, command: limit, args: ['tell'], firstData: /^END$/m })
  }
  if (has('/usr/lib/netdata/plugins.d/python.d.plugin')) contenders.push(pythonPlugin(dir))
  if (has('/usr/lib/netdata/plugins.d/charts.d.plugin') && has('curl')) contenders.push(bashPlugin(dir))
  if (has('/usr/bin/prometheus-node-exporter')) contenders.push(exporter(await freePort()))
  if (has('/usr/sbin/collectd')) contenders.push(collectd(dir))
  return { contenders, missing, dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** Lets those write here that are to. */
function giveAway(dir: string): void {
  if (user.uid !== undefined && user.gid !== undefined) chownSync(dir, user.uid, user.gid)
}

/** The built plugin in both configurations, where any user can read it. */
function plugins(dir: string): Contender[] {
  cpSync(join(dist, 'plugins.d'), join(dir, 'plugins.d'), { recursive: true })
  cpSync(join(dist, 'conf.d'), join(dir, 'conf.d'), { recursive: true })
  const plugin = { command: join(dir, 'plugins.d', 'tcp_resets.plugin'), args: ['1'], firstData: /^BEGIN /m }
  const config = join(dir, 'host-only')
  mkdirSync(config)
  writeFileSync(
    join(config, 'tcp_resets.conf'),
    'namespaces:\n  enabled: false\ntracing:\n  enabled: false\n',
  )
  return [
    { name: SHIPPED, ...plugin },
    { name: HOST_ONLY, ...plugin, env: { NETDATA_USER_CONFIG_DIR: config } },
  ]
}

function nodes(dir: string): Contender[] {
  const node = (name: string, script: string): Contender => {
    copyFileSync(join(__dirname, script), join(dir, script))
    return { name, command: process.execPath, args: [join(dir, script)] }
  }
  return [
    node(NODE, 'idle-loop.cjs'),
    node('Node, idle, with its pipes open', 'pipes-loop.cjs'),
    node('Node, the same preads', 'pread-loop.cjs'),
    { ...node(NODE_TELLS, 'tell-loop.cjs'), firstData: /^END$/m },
  ]
}

/** python.d.plugin with one module, which reads what the plugin reads. */
function pythonPlugin(dir: string): Contender {
  const home = join(dir, 'python')
  mkdirSync(join(home, 'python.d'), { recursive: true })
  copyFileSync(join(__dirname, 'resets.chart.py'), join(home, 'python.d', 'resets.chart.py'))
  giveAway(home)
  writeFileSync(join(home, 'python.d.conf'), 'default_run: no\nresets: yes\n')
  return {
    name: PYTHON,
    command: '/usr/lib/netdata/plugins.d/python.d.plugin',
    args: ['1'],
    env: {
      NETDATA_USER_CONFIG_DIR: home,
      NETDATA_USER_PLUGINS_DIRS: home,
      NETDATA_LIB_DIR: home,
      NETDATA_LOCK_DIR: home,
      PYTHONUNBUFFERED: '1', // from the agent as well
    },
    firstData: /^BEGIN resets/m,
  }
}

/** charts.d.plugin with one module, which reads what the plugin reads. */
function bashPlugin(dir: string): Contender {
  const home = join(dir, 'bash')
  mkdirSync(join(home, 'charts.d'), { recursive: true })
  copyFileSync(join(__dirname, 'resets.chart.sh'), join(home, 'charts.d', 'resets.chart.sh'))
  writeFileSync(join(home, 'charts.d.conf'), `chartsd=${join(home, 'charts.d')}\n`)
  return {
    name: BASH,
    command: '/usr/lib/netdata/plugins.d/charts.d.plugin',
    args: ['1'],
    env: { NETDATA_USER_CONFIG_DIR: home, NETDATA_UPDATE_EVERY: '1' },
    firstData: /^BEGIN bench/m,
  }
}

function exporter(port: number): Contender {
  const address = `127.0.0.1:${port}`
  return {
    name: EXPORTER,
    command: '/usr/bin/prometheus-node-exporter',
    args: ['--collector.disable-defaults', '--collector.netstat', `--web.listen-address=${address}`],
    url: `http://${address}/metrics`,
  }
}

function collectd(dir: string): Contender {
  const config = join(dir, 'collectd.conf')
  const values = ['OutRsts', 'AttemptFails', 'EstabResets'].map(name => `Tcp:${name}`)
  const lines = [
    'Hostname "localhost"',
    'FQDNLookup false',
    'Interval 1',
    `BaseDir "${dir}"`,
    'LoadPlugin protocols',
    'LoadPlugin csv',
    '<Plugin protocols>',
    ...values.map(value => `Value "${value}"`),
    'Value "/^TcpExt:TCPAbort/"',
    '</Plugin>',
    '<Plugin csv>',
    'DataDir "stdout"',
    '</Plugin>',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  return { name: 'collectd, protocols', command: '/usr/sbin/collectd', args: ['-f', '-C', config] }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
