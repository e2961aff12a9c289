import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { plugin, type RunningPlugin, startPlugin, valuesOf } from '../built-plugin'
import { makeWorld, noWorld, type World } from './world'

// The built plugin as an unprivileged user, with no Netdata around, on what is hard to make in an agent. All tests at
// once: each has to wait 30 s until its namespaces have a chart.

t.jobs = 8
const skip = noWorld ?? false
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all']

interface Setting {
  /** The section `namespaces` of the configuration. */
  readonly config: Readonly<Record<string, string | number | boolean>>
  /** A shell command line that puts a procfs where it is told to, and goes on with the rest of the line. */
  readonly mount?: (proc: string) => string
}

/** Starts the plugin as `nobody`. */
function startAsNobody(t: Test, { config, mount }: Setting): RunningPlugin {
  const lines = Object.entries(config).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`)
  const dir = t.testdir({ 'tcp_resets.conf': `namespaces:\n${lines.join('')}`, root: { proc: {} } })
  execFileSync('chmod', ['-R', 'a+rX', dir])
  const root = mount === undefined ? '' : join(dir, 'root')
  const env = { NETDATA_USER_CONFIG_DIR: dir, NETDATA_HOST_PREFIX: root }
  const command = `setpriv ${NOBODY.join(' ')} ${plugin} 1`
  return startPlugin(t, env, ['-c', `exec ${mount?.(`${root}/proc`) ?? ''} ${command}`], 'sh')
}

/** The text that a chart was published with, all collections of it. That it is obsolete has no end of its own. */
function chartText(stdout: string, id: string): string {
  return (
    stdout
      .match(
        new RegExp(
          `^(CHART|BEGIN) ${id.replace(/\./g, '\\.')}( (?:(?!^(?:CHART|BEGIN) )[\\s\\S])*?)?^(END|CLABEL_COMMIT)$`,
          'gm',
        ),
      )
      ?.join('\n') ?? ''
  )
}

const newest = (stdout: string, id: string, dimension: string): bigint | undefined =>
  valuesOf(chartText(stdout, id), dimension).at(-1)

/** What it complains of, without being late: on a machine with far too much to do it is, and right to say so. */
const complaints = (stderr: string): string =>
  stderr.replace(/^.*: other network namespaces: (not read at every tick: .*|works again)\n/gm, '')

const chartOf = (name: string): string => `ipv4.tcp_resets_${name}`

async function startAll(world: World, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, at) => `${world.prefix}-${at}`)
  for (const name of names) await world.start(name)
  return names
}

t.test(
  '500 namespaces, ten with a chart of their own: the others are summed and counted',
  { skip },
  async t => {
    const world = makeWorld(t)
    const names = await startAll(world, 500)
    const running = startAsNobody(t, { config: { include: `${world.prefix}*`, max: 10 } })
    const counts = 'ipv4.tcp_resets_namespaces'
    await running.until(stdout => newest(stdout, counts, 'summed') === 490n, 60)
    t.equal(newest(running.stdout(), counts, 'own_chart'), 10n)

    // The sum is of what came after it knew a namespace: each of them is read once in five ticks.
    const ticks = () => valuesOf(chartText(running.stdout(), counts), 'summed').length
    // And charts change hands once a minute: that should not be while the resets are counted.
    const hostTicks = () => valuesOf(chartText(running.stdout(), 'ipv4.tcp_resets'), 'sent').length
    const known = ticks() + 6
    await running.until(() => ticks() >= known && hostTicks() > 63, 120)
    const own = [...running.stdout().matchAll(/^CHART ipv4\.tcp_resets_(\S+-\d+) /gm)].map(
      match => match[1] ?? '',
    )
    t.equal(own.length, 10)
    let ofOwn = 0
    let ofOthers = 0
    for (const [at, name] of names.entries()) {
      const count = at % 4
      if (count > 0) await world.reset(name, count)
      if (own.includes(name)) ofOwn += count
      else ofOthers += count
    }
    await running.until(stdout => newest(stdout, chartOf('others'), 'sent') === BigInt(ofOthers))
    const later = ticks() + 6
    await running.until(() => ticks() >= later)
    t.equal(newest(running.stdout(), chartOf('others'), 'sent'), BigInt(ofOthers), 'sent, exactly')
    t.equal(newest(running.stdout(), chartOf('others'), 'received'), BigInt(ofOthers), 'received, exactly')
    const sums = own.map(name => newest(running.stdout(), chartOf(name), 'sent') ?? 0n)
    t.equal(
      sums.reduce((sum, value) => sum + value, 0n),
      BigInt(ofOwn),
      'the ten have theirs',
    )
    t.match(chartText(running.stdout(), chartOf('others')), "CLABEL namespace 'others' 1\n")
    t.equal(complaints(running.stderr()), '')
  },
)

t.test(
  'a short-lived one gets no chart, an excluded one neither, and both are counted',
  { skip },
  async t => {
    const world = makeWorld(t)
    const [stays = '', excluded = ''] = await startAll(world, 2)
    const short = `${world.prefix}-short`
    const running = startAsNobody(t, {
      config: { include: `!${world.prefix}-x* ${world.prefix}*`, exclude: `*-1 nothing` },
    })
    const counts = 'ipv4.tcp_resets_namespaces'
    const started = performance.now()
    await world.start(short)
    await running.until(stdout => valuesOf(chartText(stdout, counts), 'new').some(value => value >= 3n))
    await world.end(short)
    const isShort = performance.now() - started < 30_000
    await running.until(stdout => chartText(stdout, chartOf(stays)) !== '', 60)
    await running.until(stdout => (newest(stdout, counts, 'excluded') ?? 0n) >= 1n)
    t.equal(chartText(running.stdout(), chartOf(excluded)), '')
    t.equal(chartText(running.stdout(), chartOf(short)), '', {
      skip: !isShort && 'the machine was so busy that it lived for 30 s and longer',
    })
  },
)

t.test('a process that leaves for a namespace late in its life is found within 60 s', { skip }, async t => {
  const world = makeWorld(t)
  const name = `${world.prefix}-late`
  await world.born(name)
  const running = startAsNobody(t, { config: { include: name } })
  const ticks = (stdout: string): number => valuesOf(chartText(stdout, 'ipv4.tcp_resets'), 'sent').length
  // The namespace will count as old as its process, so that it need not wait for its chart.
  await running.until(stdout => ticks(stdout) > 32, 60)
  await world.leave(name)
  const before = ticks(running.stdout())
  const sent = (stdout: string): bigint[] => valuesOf(chartText(stdout, chartOf(name)), 'sent')
  await running.until(stdout => sent(stdout).length > 0, 120)
  t.ok(
    ticks(running.stdout()) - before <= 60,
    'in seconds of the plugin’s own: a busy machine has fewer of them',
  )
  t.equal(sent(running.stdout())[0], 0n, 'its own counters, which are those of a new namespace')
})

/** Opens and closes a connection, since one without traffic has no chart, and stays. */
const TALK = `
import socket, time
with socket.create_server(('127.0.0.1', 0)) as server:
    socket.create_connection(server.getsockname()).close()
time.sleep(300)`

t.test('names of ip netns; one without a process is not seen', { skip }, async t => {
  const [used, unused] = ['used', 'unused'].map(word => `tr-${word}-${process.pid}`) as [string, string]
  for (const name of [used, unused]) {
    execFileSync('ip', ['netns', 'add', name])
    t.teardown(() => execFileSync('ip', ['netns', 'del', name]))
    execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
  }
  const running = startAsNobody(t, { config: { include: `*${process.pid}` } })
  startPlugin(t, {}, ['netns', 'exec', used, 'python3', '-c', TALK], 'ip')
  await running.until(stdout => chartText(stdout, chartOf(used)) !== '', 60)
  const text = chartText(running.stdout(), chartOf(used))
  t.match(text, `CLABEL namespace '${used}' 1\nCLABEL runtime 'ip-netns' 1\n`)
  t.notMatch(running.stdout(), unused)
})

t.test('hidepid: the own chart, and one line that says what is missing', { skip }, async t => {
  const running = startAsNobody(t, {
    config: { max: 5 },
    mount: proc =>
      `unshare --mount --propagation private sh -c 'mount -t proc -o hidepid=2 proc ${proc} && exec "$@"' sh`,
  })
  await running.until((_, stderr) => stderr.includes('hidepid'))
  await running.until(stdout => valuesOf(chartText(stdout, 'ipv4.tcp_resets'), 'sent').length > 12)
  t.match(
    running.stderr(),
    /^\S+ tcp_resets\.plugin ERROR: network namespaces: \S+\/root\/proc hides [^\n]*\n$/,
    'once',
  )
})

t.test('in a container, with the host’s /proc: the host is one of the others', { skip }, async t => {
  const world = makeWorld(t)
  const [name = ''] = await startAll(world, 1)
  const running = startAsNobody(t, {
    config: { include: `init ${world.prefix}*` },
    mount: proc =>
      `unshare --mount --propagation private --net sh -c 'mount --rbind /proc ${proc} && exec unshare --pid --fork --kill-child --mount-proc "$@"' sh`,
  })
  await running.until(
    stdout => chartText(stdout, chartOf('init')) !== '' && chartText(stdout, chartOf(name)) !== '',
    60,
  )
  t.equal(newest(running.stdout(), 'ipv4.tcp_resets', 'sent'), 0n, 'its own namespace is the container’s')
  t.match(chartText(running.stdout(), chartOf('init')), "CLABEL runtime 'host' 1\n")
  t.ok((newest(running.stdout(), chartOf('init'), 'sent') ?? 0n) > 0n)
  await world.reset(name, 9)
  await running.until(stdout => newest(stdout, chartOf(name), 'sent') === 9n)
  t.equal(complaints(running.stderr()), '')
})

t.test('switched off: nothing but the own charts', { skip }, async t => {
  const world = makeWorld(t)
  await startAll(world, 1)
  const running = startAsNobody(t, { config: { enabled: false } })
  await running.until(stdout => valuesOf(chartText(stdout, 'ipv4.tcp_resets'), 'sent').length > 5)
  t.notMatch(running.stdout(), /^CHART \S*tcp_resets_/m)
})
