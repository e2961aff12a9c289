import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { dist } from '../../scripts/build'
import { type Agent, findNetdata, startAgent } from '../../scripts/private-agent'
import { complaintsIn, stopAndRead } from './complaints'

// The built plugin in a real Netdata agent, in a network namespace where nobody else makes resets.

const skip =
  (process.getuid?.() !== 0 && 'needs root to make a network namespace') ||
  (findNetdata() === undefined && 'needs Netdata')

/** Runs Node code in the namespace, to its end. */
function inside(netns: string, code: string): void {
  execFileSync('ip', ['netns', 'exec', netns, process.execPath, '-e', code], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

/** So many connects to a closed port: the kernel answers each with a reset. */
const refused = (count: number): string => `
const { connect } = require('node:net')
let left = ${count}
const next = () => left-- > 0 && connect(9, '127.0.0.1').on('error', next)
next()`

/** So many established connections that their client tears down with a reset, both ends in the namespace. */
const tornDown = (count: number): string => `
const { connect, createServer } = require('node:net')
let left = ${count}
const server = createServer(socket => socket.on('error', next).on('data', () => socket.write('pong')))
const next = () => {
  if (left-- === 0) return server.close()
  const client = connect(server.address().port, '127.0.0.1', () => client.write('ping'))
  client.on('data', () => client.resetAndDestroy())
}
server.listen(0, '127.0.0.1', next)`

/** Whether a process is there and has not ended: one that init has yet to reap has no command line any more. */
function runs(pid: unknown): boolean {
  const path = `/proc/${pid}/cmdline`
  try {
    return readFileSync(path).length > 0
  } catch {
    return false
  }
}

/** The sum of a dimension over all that the agent has stored, in resets. */
async function total(agent: Agent, dimension: string): Promise<number> {
  const { data } = (await agent.json(
    `/api/v1/data?chart=ipv4.tcp_resets&dimensions=${dimension}&after=-600&format=json&options=null2zero`,
  )) as { data: [time: number, value: number][] }
  return data.reduce((sum, [, value]) => sum + value, 0)
}

t.test('a real agent shows exactly the resets that happened', { skip }, async t => {
  const netns = `tcp-resets-${process.pid}`
  execFileSync('ip', ['netns', 'add', netns])
  t.teardown(() => execFileSync('ip', ['netns', 'del', netns]))
  execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up'])
  const agent = await startAgent({ dist, netns, hostname: 'reset-test' })
  t.teardown(() => agent.stop())
  const chart = await agent.waitForChart('ipv4.tcp_resets')

  t.match(chart, {
    context: 'ipv4.tcp_resets',
    family: 'tcp',
    units: 'resets/s',
    update_every: 1,
    dimensions: { sent: { name: 'sent' }, received: { name: 'received' } },
    chart_labels: { namespace: 'host', source: 'proc', received: 'estimated' },
  })

  const exactly = async (sent: number, received: number): Promise<void> => {
    await agent.waitFor(`${sent} sent and ${received} received are stored`, async () => {
      const sums = [await total(agent, 'sent'), await total(agent, 'received')]
      return sums.every((sum, i) => Math.abs(sum - ([sent, received][i] ?? 0)) < 0.01) || undefined
    })
    // Two more collections, so that nothing that came later goes unseen.
    const after = Number((await agent.waitForChart('ipv4.tcp_resets')).last_entry)
    await agent.waitFor(
      'two more collections',
      async () => (await agent.waitForChart('ipv4.tcp_resets')).last_entry >= after + 2 || undefined,
    )
    t.equal(Math.round((await total(agent, 'sent')) * 100) / 100, sent, `${sent} sent`)
    t.equal(Math.round((await total(agent, 'received')) * 100) / 100, received, `${received} received`)
  }

  inside(netns, refused(400))
  await exactly(400, 400)
  inside(netns, tornDown(300))
  await exactly(700, 700)

  const pid = agent.pluginPid() ?? t.fail('the plugin runs')
  t.equal(
    spawnSync('ps', ['-o', 'comm=', '--ppid', `${pid}`], { encoding: 'utf8' }).stdout,
    '',
    'without children',
  )
  const said = await stopAndRead(agent)
  t.notOk(runs(pid), 'the plugin is gone with the agent')
  t.strictSame(complaintsIn(said), [], 'the agent has nothing to complain about')
})
