import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { findNetdata, freePort, startAgent } from '../../scripts/private-agent'

t.setTimeout(120_000)

/** A plugin whose counter grows by 3 a second. */
const PLUGIN = `#!/bin/bash
trap 'exit 0' TERM
echo "CHART ipv4.tcp_resets '' 'TCP resets' resets/s tcp ipv4.tcp_resets line 5231 1"
echo "DIMENSION sent '' incremental 1 1"
n=0 since=
while :; do
  printf 'BEGIN ipv4.tcp_resets %s\\nSET sent = %s\\nEND\\n' "$since" "$n" || exit 0
  n=$((n + 3)) since=1000000
  read -r -t 1 _
done
`

const HEALTH = `template: resets_seen
      on: ipv4.tcp_resets
  lookup: max -5s unaligned of sent
   every: 1s
    warn: $this > 0
    info: Resets were sent.
      to: sysadmin
`

function dropIn(t: Test, plugin = PLUGIN): string {
  const dist = t.testdir({
    'plugins.d': { 'tcp_resets.plugin': plugin },
    'conf.d': { 'tcp_resets.conf': '# stock\n' },
    'health.d': { 'tcp_resets.conf': HEALTH },
    web: { guides: { tcp: { 'resets_seen.html': '<!doctype html><title>Resets seen</title>' } } },
  })
  chmodSync(join(dist, 'plugins.d/tcp_resets.plugin'), 0o755)
  return dist
}

/** Whether a process runs; one that has ended and waits for its parent does not. */
function runs(pid: number | undefined): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

const isRoot = process.getuid?.() === 0
const noNetdata = findNetdata() ? false : 'Netdata is not installed'
const version = () => spawnSync(findNetdata()?.binary ?? 'false', ['-V'], { encoding: 'utf8' }).stdout
const noVersion1 = noNetdata || (/ v1\./.test(version()) ? false : 'agents from 2 on do not behave so')

t.test('which Netdata: the one that the environment names, and then no other', async t => {
  const prefix = t.testdir({
    usr: {
      sbin: { netdata: '' },
      libexec: { netdata: { 'plugins.d': {} } },
      lib: { netdata: { 'conf.d': {} } },
      share: { netdata: { web: {} } },
    },
  })
  t.equal(findNetdata({ NETDATA_PREFIX: prefix })?.binary, `${prefix}/usr/sbin/netdata`)
  t.match(findNetdata({ NETDATA_PREFIX: `${prefix}/usr` }), {
    stockPlugins: `${prefix}/usr/libexec/netdata/plugins.d`,
  })
  t.equal(findNetdata({ NETDATA_PREFIX: '/nowhere' }), undefined)
})

t.test('an agent on a TCP port', { skip: noNetdata }, async t => {
  const dist = dropIn(t)
  const agent = await startAgent({
    dist,
    port: await freePort(21_000),
    hostname: 'private',
    config: { health: { 'run at least every seconds': '1' } },
  })
  t.teardown(() => agent.stop())

  t.match(await agent.json('/api/v1/info'), { mirrored_hosts: ['private'], 'agent-claimed': false })
  const chart = await agent.waitForChart('ipv4.tcp_resets')
  t.match(chart, { context: 'ipv4.tcp_resets', family: 'tcp', dimensions: { sent: { name: 'sent' } } })
  t.ok(await agent.waitForChart('system.cpu'), 'the stock collector runs')

  // An agent built from source alone has no dashboard.
  const dashboard = ['index.html', 'dashboard.js'].filter(name =>
    existsSync(join(findNetdata()?.web ?? '', name)),
  )
  for (const path of [
    '/guides/tcp/resets_seen.html',
    ...dashboard.map(name => `/${name.replace(/^index.*/, '')}`),
  ]) {
    const { status, headers } = await agent.get(path)
    t.equal(status, 200, path)
    t.match(headers['content-type'], path.endsWith('.js') ? /javascript/ : /^text\/html/, path)
  }
  t.equal((await fetch(`${agent.url}/guides/tcp/resets_seen.html`)).status, 200, 'over TCP as well')
  await t.rejects(agent.json('/nothing/here'), /status 404/)

  const alarms = await agent.waitFor('the alarms are there', async () => {
    const { alarms } = (await agent.json('/api/v1/alarms?all')) as { alarms: Record<string, unknown> }
    return 'ipv4.tcp_resets.resets_seen' in alarms ? Object.keys(alarms) : undefined
  })
  t.notMatch(alarms.join(), '10s_ipv4_tcp_resets', 'our health file is in place of the stock one')
  t.match(alarms.join(), 'system.load.', 'the other stock alarms are there')
  const reloads = () => agent.log().split(/Reloading health/i).length
  const before = reloads()
  agent.reloadHealth()
  await agent.waitFor('a reload', () => reloads() > before || undefined)
  t.ok(await agent.waitForLog(/Health is running|Reloading HEALTH/))

  const plugin = agent.pluginPid()
  t.ok(runs(plugin), 'the plugin runs')
  t.match(readFileSync(join(agent.dir, 'conf.d/tcp_resets.conf'), 'utf8'), '# stock')

  await agent.stop()
  t.equal(await agent.exited, undefined)
  t.notOk(runs(agent.pid) || runs(plugin), 'no process is left')
  t.notOk(existsSync(agent.dir), 'no directory is left')
  t.match(agent.log(), /netdata INFO|comm=netdata/, 'the log is still at hand')
  t.ok(readdirSync(findNetdata()?.web ?? '').length > 0, 'the web files of the distribution are untouched')
})

const noNetns = noNetdata || (isRoot ? false : 'network namespaces need root')
t.test('an agent in a network namespace', { skip: noNetns }, async t => {
  const netns = `agent-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  execFileSync('ip', ['netns', 'add', netns])
  t.teardown(() => execFileSync('ip', ['netns', 'del', netns]))
  const agent = await startAgent({ dist: dropIn(t), netns })
  t.teardown(() => agent.stop())

  await agent.waitForChart('ipv4.tcp_resets')
  t.equal(agent.url, undefined)
  const sockets = execFileSync('ip', ['netns', 'exec', netns, 'cat', '/proc/net/tcp', '/proc/net/tcp6'])
  t.notMatch(sockets.toString(), /:.*:/, 'there is no TCP socket in it')

  const plugin = agent.pluginPid()
  await agent.stop()
  t.notOk(runs(agent.pid) || runs(plugin) || existsSync(agent.dir), 'nothing is left')
})

t.test('alarms go to the given program; files are added', { skip: noNetdata }, async t => {
  const dist = dropIn(t)
  const [script, record] = [join(t.testdirName, 'record.sh'), join(t.testdirName, 'record.txt')]
  writeFileSync(script, `#!/bin/sh\necho "$7 $9" >>'${record}'\n`, { mode: 0o755 })
  const agent = await startAgent({
    dist,
    stockCollectors: false,
    config: { health: { 'run at least every seconds': '1' } },
    files: { 'health.d/other.conf': HEALTH.replace('resets_seen', 'seen_too') },
    onAlarm: script,
    ...(isRoot && { user: 'root' }), // who else may not get at the script
  })
  t.teardown(() => agent.stop())
  const recorded = () => (existsSync(record) ? readFileSync(record, 'utf8') : '')
  await agent.waitFor('two alarms', () => recorded().split('\n').length > 2 || undefined)
  t.match(recorded(), /^resets_seen /m)
  t.match(recorded(), /^seen_too /m)
})

t.test('an agent that ends by itself', { skip: noNetdata }, async t => {
  const agent = await startAgent({ dist: dropIn(t), stockCollectors: false })
  await agent.waitForChart('ipv4.tcp_resets')
  const plugin = agent.pluginPid()
  const waiting = t.rejects(
    agent.waitForLog(/never/),
    /the agent ended \(signal SIGKILL\) before \/never\/ was logged/,
  )
  process.kill(agent.pid, 'SIGKILL')
  t.equal(await agent.exited, 'signal SIGKILL')
  await waiting
  await agent.stop()
  t.notOk(runs(plugin) || existsSync(agent.dir), 'nothing is left')
})

t.test('a plugin that outlives its agent is reported and killed', { skip: noVersion1 }, async t => {
  const stubborn = PLUGIN.replace("trap 'exit 0' TERM", "trap '' TERM")
    .replace('|| exit 0', '2>/dev/null')
    .replace('read -r -t 1 _', 'sleep 1')
  const agent = await startAgent({ dist: dropIn(t, stubborn), stockCollectors: false })
  await agent.waitForChart('ipv4.tcp_resets')
  const plugin = agent.pluginPid()
  await t.rejects(agent.stop(), {
    message: `plugin process ${plugin} outlived the agent by 10 s and was killed`,
  })
  t.notOk(runs(plugin) || existsSync(agent.dir), 'nothing is left')
})

t.test('a configuration that Netdata cannot start with', { skip: noVersion1 }, async t => {
  const config = { web: { 'bind to': 'unix:/nonexistent/socket' } }
  await t.rejects(
    startAgent({ dist: dropIn(t), config }),
    /the agent ended \(exit code 1\) before its API answered:.*Cannot listen/s,
  )
})

t.test('the agent goes with the process that started it', { skip: noNetdata }, async t => {
  const script = `
    const { startAgent } = require(${JSON.stringify(require.resolve('../../scripts/private-agent'))})
    startAgent({ dist: ${JSON.stringify(dropIn(t))}, stockCollectors: false }).then(async agent => {
      await agent.waitForChart('ipv4.tcp_resets')
      console.log(JSON.stringify({ dir: agent.dir, pids: [agent.pid, agent.pluginPid()] }))
    })`
  const caller = spawn(process.execPath, ['--import=tsx', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { dir, pids } = JSON.parse(String(await once(caller.stdout, 'data')))
  t.strictSame(pids.map(runs), [true, true], 'while it runs')
  caller.kill('SIGKILL')
  const left = () => [...pids.map(runs), existsSync(dir)]
  for (const deadline = Date.now() + 10_000; left().includes(true) && Date.now() < deadline; ) await sleep(50)
  t.strictSame(left(), [false, false, false], 'soon after it was killed')
})

t.test('a port that is taken is passed over', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.ok((await freePort(port)) > port)
})
