import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { version } from '../package.json'
import { collections, plugin, type RunningPlugin, startPlugin, valuesOf } from './built-plugin'

// The built plugin as a process, with no Netdata around. What goes wrong around it is in test/faults.

const kernel = join(__dirname, 'fixtures', 'kernels', '6.12.107+deb13-amd64')
const stockConf = join(__dirname, '..', 'dist', 'conf.d')

function hostRoot(t: { testdir(): string }): string {
  const prefix = t.testdir()
  mkdirSync(join(prefix, 'proc', 'net'), { recursive: true })
  for (const file of ['snmp', 'netstat']) cpSync(join(kernel, file), join(prefix, 'proc', 'net', file))
  return prefix
}

const ticks = (running: RunningPlugin, count: number): Promise<void> =>
  running.until(stdout => collections(stdout) >= count)

t.test('the first three ticks', async t => {
  const running = startPlugin(t, { NETDATA_HOST_PREFIX: hostRoot(t) })
  await ticks(running, 6)
  const golden = readFileSync(join(__dirname, 'first-three-ticks.txt'), 'utf8')
  const text = running
    .stdout()
    .replace(/^(BEGIN \S+) \d{6,7}$/gm, '$1 MICROSECONDS')
    .replace(/(measured_t =) \d{10}$/m, '$1 SECONDS')
  t.equal(
    text
      .split('\n')
      .slice(0, golden.split('\n').length - 1)
      .join('\n'),
    golden.trimEnd(),
  )
  t.equal(running.stderr(), '', 'nothing to say')
})

t.test('ends at once, with code 0', async t => {
  const ways: Record<string, (running: RunningPlugin) => unknown> = {
    SIGTERM: ({ child }) => child.kill('SIGTERM'),
    SIGINT: ({ child }) => child.kill('SIGINT'),
    SIGQUIT: ({ child }) => child.kill('SIGQUIT'),
    'SIGXCPU, its limit of CPU time': ({ child }) => child.kill('SIGXCPU'),
    'end of stdin': ({ child }) => child.stdin?.end(),
    'stdout closed': ({ child }) => child.stdout?.destroy(),
    'both closed': ({ child }) => {
      child.stdout?.destroy()
      child.stdin?.destroy()
    },
  }
  for (const [name, end] of Object.entries(ways)) {
    const running = startPlugin(t)
    await ticks(running, 1)
    end(running)
    t.equal(await running.ended, 0, name)
    t.equal(running.stderr(), '', `${name}: without a word`)
  }
})

t.test('/proc goes away and returns: a gap, one line each, and the true time since', async t => {
  const prefix = hostRoot(t)
  const running = startPlugin(t, { NETDATA_HOST_PREFIX: prefix })
  await ticks(running, 2)
  renameSync(join(prefix, 'proc'), join(prefix, 'away'))
  await running.until((_, stderr) => stderr.includes('ENOENT'))
  const before = collections(running.stdout())
  renameSync(join(prefix, 'away'), join(prefix, 'proc'))
  await ticks(running, before + 2)
  const microseconds = [...running.stdout().matchAll(/BEGIN ipv4\.tcp_resets (\d+)/g)].map(match =>
    Number(match[1]),
  )
  t.ok(
    (microseconds[before / 2 - 1] ?? 0) > 1_500_000,
    `no BEGIN without a value, then the time since: ${microseconds}`,
  )
  t.match(
    running.stderr(),
    /^\S+ tcp_resets\.plugin ERROR: source proc: ENOENT[^\n]*snmp'\n\S+ \S+ NOTICE: [^\n]*\n$/,
  )
})

t.test('counts what the kernel counted', async t => {
  const prefix = hostRoot(t)
  const running = startPlugin(t, { NETDATA_HOST_PREFIX: prefix })
  await ticks(running, 1)
  const snmp = join(prefix, 'proc', 'net', 'snmp')
  const text = readFileSync(snmp, 'latin1')
  const names = /^Tcp: (Rto.*)$/m.exec(text)?.[1]?.split(' ') ?? []
  const rise: Record<string, string> = {
    OutRsts: '18446744073709551615',
    AttemptFails: '7',
    EstabResets: '3',
  }
  const values = names.map(name => rise[name] ?? '0').join(' ')
  writeFileSync(snmp, text.replace(/^Tcp: \d.*$/m, `Tcp: ${values}`), 'latin1')
  await running.until(stdout => valuesOf(stdout, 'received').includes(10n))
  t.equal(valuesOf(running.stdout(), 'sent').at(-1), -1n, 'the largest u64, in signed 64 bits')
})

t.test('what can’t mend: one line, DISABLE, exit 1', async t => {
  const cases: Record<string, [NodeJS.ProcessEnv, string[], RegExp]> = {
    'no /proc': [{ NETDATA_HOST_PREFIX: '/nowhere' }, ['1'], /\/nowhere\/proc\/net\/snmp is not there/],
    'bad interval': [{}, ['often'], /1 to 86400, found "often"/],
    'unknown option': [{}, ['1', '--colour'], /--colour/],
  }
  for (const [name, [env, args, message]] of Object.entries(cases)) {
    const running = startPlugin(t, env, args)
    t.equal(await running.ended, 1, name)
    t.equal(running.stdout(), 'DISABLE\n', name)
    t.match(running.stderr(), message, name)
    t.equal(running.stderr().split('\n').length, 2, `${name}: one line`)
  }
})

t.test('a bad user configuration: says so and runs on stock', async t => {
  const dir = t.testdir({ 'tcp_resets.conf': 'update_every: often\n' })
  const running = startPlugin(t, { NETDATA_STOCK_CONFIG_DIR: stockConf, NETDATA_USER_CONFIG_DIR: dir })
  await ticks(running, 2)
  t.match(running.stderr(), `${dir}/tcp_resets.conf:1:15: update_every: expected a whole number`)
  t.match(running.stderr(), 'not used, running on the stock one')
})

t.test('a user configuration, and Netdata’s interval as its lower bound', async t => {
  const dir = t.testdir({ 'tcp_resets.conf': 'update_every: 2\n' })
  for (const [interval, seconds] of [
    ['1', 2],
    ['3', 3],
  ] as const) {
    const running = startPlugin(t, { NETDATA_USER_CONFIG_DIR: dir }, [interval])
    await ticks(running, 1)
    t.match(running.stdout(), ` 5231 ${seconds} '' `)
  }
})

t.test('stdin that is /dev/null is no agent that went', async t => {
  const running = startPlugin(t, {}, ['-c', `exec ${plugin} 1 </dev/null`], 'sh')
  await ticks(running, 2)
  t.equal(running.stderr(), '')
})

t.test('without the grant of tracing: says once how to get it', async t => {
  const dir = t.testdir({ 'tcp_resets.conf': 'tracing:\n  directory: /run/no-such-grant\n' })
  const running = startPlugin(t, { NETDATA_USER_CONFIG_DIR: dir, NETDATA_LOG_LEVEL: 'info' })
  await ticks(running, 7)
  t.match(
    running.stderr(),
    /^\S+ tcp_resets\.plugin INFO: tracing: .*\/run\/no-such-grant.*: tcp-resets grant\n$/,
  )
  t.notMatch(running.stdout(), /traced|FUNCTION/)
})

t.test('NETDATA_LOG_LEVEL', async t => {
  const running = startPlugin(t, { NETDATA_LOG_LEVEL: 'debug' })
  await running.until((_, stderr) => / DEBUG: collecting every 1 s\n/.test(stderr))
})

t.test('--version, --help, --check-config', async t => {
  const run = (...args: string[]) =>
    spawnSync(plugin, args, { encoding: 'utf8', env: { PATH: process.env.PATH } })
  t.match(run('--version'), { status: 0, stdout: `${version}\n` })
  t.match(run('--help'), { status: 0, stdout: /^Usage: tcp_resets\.plugin/ })
  t.match(run('--check-config'), { status: 0, stdout: /conf\.d\/tcp_resets\.conf: good\n$/ })
  const bad = join(__dirname, 'config', 'invalid', 'wrong-type.conf')
  t.match(run('--check-config', bad), { status: 1, stderr: `${bad}:2:15: ` })
  t.match(run('--check-config', '/nowhere'), { status: 1, stderr: '/nowhere: expected a file, found none\n' })
})

t.test('finds nodejs where there is no node, and says what is wrong where there is neither', async t => {
  const bin = t.testdir()
  const run = () =>
    spawnSync(plugin, ['--version'], { encoding: 'utf8', env: { PATH: bin, NODE_OPTIONS: '--import=no' } })
  t.match(run(), {
    status: 1,
    stdout: 'DISABLE\n',
    stderr: `tcp_resets.plugin needs Node.js 18 or later, and there is no node or nodejs on PATH (${bin})\n`,
  })
  symlinkSync(process.execPath, join(bin, 'nodejs'))
  t.match(run(), { status: 0, stdout: `${version}\n` })
  writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec ${process.execPath} -r ${old(t)} "$@"\n`)
  chmodSync(join(bin, 'node'), 0o755)
  t.match(run(), {
    status: 1,
    stdout: 'DISABLE\n',
    stderr: /^tcp_resets\.plugin needs Node\.js 18 or later, and \S+ is 16\.20\.2\n$/,
  })
})

/** Makes this Node call itself an old one. */
function old(t: { testdir(): string }): string {
  const file = join(t.testdir(), 'old.cjs')
  writeFileSync(file, "Object.defineProperty(process.versions, 'node', { value: '16.20.2' })")
  return file
}

t.test('signals that are meant for the agent', async t => {
  const running = startPlugin(t, { NETDATA_HOST_PREFIX: hostRoot(t), NETDATA_LOG_LEVEL: 'info' })
  await ticks(running, 2)
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGPWR'] as const) {
    const before = collections(running.stdout())
    running.child.kill(signal)
    await ticks(running, before + 4)
    t.equal(running.child.exitCode, null, `it goes on after ${signal}`)
  }
  t.match(running.stderr(), / INFO: the configuration was read again\n/)
  t.notMatch(running.stderr(), /Debugger/, 'no port is opened')
})
