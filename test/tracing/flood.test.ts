import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { dist } from '../../scripts/build'
import { type Agent, findNetdata, startAgent } from '../../scripts/private-agent'
import { makeHosts, PYTHON, whyNoHosts } from '../kernel/hosts'
import { complaintsIn, stopAndRead } from '../netdata/complaints'
import { countedIn, makeGrant, whyNoTracing } from './grant'
import { startStreamParent } from './stream-parent'

// 300,000 resets as fast as this machine makes them, through a real agent that runs without rights.

const COUNT = 300_000
const PARTS = 2
const PORT = 4321

const hasUser = (): boolean => /^netdata:/m.test(readFileSync('/etc/passwd', 'utf8'))
const skip =
  whyNoTracing() ??
  whyNoHosts() ??
  (findNetdata() === undefined ? 'needs Netdata' : hasUser() ? false : 'needs the user netdata')

/** What the agent has stored of each dimension, in resets. */
async function totals(agent: Agent, chart: string): Promise<Record<string, number>> {
  const { labels, data } = (await agent.json(
    `/api/v1/data?chart=${chart}&after=-600&format=json&options=null2zero`,
  )) as { labels: string[]; data: number[][] }
  return Object.fromEntries(
    labels.slice(1).map((label, i) => [label, data.reduce((sum, row) => sum + (row[i + 1] ?? 0), 0)]),
  )
}

/** The resets that a namespace's kernel has sent. */
function outRsts(namespace: string): number {
  const text = execFileSync('ip', ['netns', 'exec', namespace, 'cat', '/proc/net/snmp'], { encoding: 'utf8' })
  const [names, values] = text.split('\n').filter(line => line.startsWith('Tcp:'))
  return Number(values?.split(' ')[names?.split(' ').indexOf('OutRsts') ?? -1])
}

t.test('a flood, counted to the packet', { skip, timeout: 180_000 }, async t => {
  const grant = makeGrant('netdata')
  t.teardown(grant.remove)
  grant.grant()
  // A witness that nobody reads: it counts the same events, and its counts are compared.
  const witness = makeGrant()
  t.teardown(witness.remove)
  witness.grant()
  const hosts = makeHosts()
  t.teardown(hosts.remove)
  for (const { receiveFrom } of [grant, witness]) receiveFrom(PORT)
  const parent = await startStreamParent()
  t.teardown(parent.stop)
  const agent = await startAgent({
    dist,
    user: 'netdata',
    stockCollectors: false,
    hostname: 'reset-flood',
    files: { 'tcp_resets.conf': grant.config, 'stream.conf': parent.config },
  })
  t.teardown(() => agent.stop())
  const chart = await agent.waitForChart('ipv4.tcp_resets_traced')
  t.match(chart, {
    context: 'ipv4.tcp_resets_traced',
    family: 'tcp',
    units: 'resets/s',
    chart_labels: { namespace: 'all', source: 'tracefs' },
  })
  const { functions } = (await agent.json('/api/v1/info')) as { functions: object }
  t.ok('tcp-resets' in functions, 'the agent offers the Function') // agents from 2 on have others of their own
  t.match(await parent.call('tcp-resets colour:red'), { status: 400, body: /unknown parameter/ })
  t.match(await parent.call('tcp-resets info'), { status: 200, body: /"accepted_params"/ })

  const moreCollections = async (count: number) => {
    const { last_entry } = await agent.waitForChart('ipv4.tcp_resets_traced')
    await agent.waitFor(
      `${count} more collections`,
      async () =>
        (await agent.waitForChart('ipv4.tcp_resets_traced')).last_entry >= last_entry + count || undefined,
    )
  }
  /** What is stored, and between which counts of the witness it must be. */
  const sentSoFar = async () => {
    const least = countedIn(witness.dir, 'sent')
    await moreCollections(3)
    const { ipv4_sent = 0, ipv6_sent = 0, sent = 0 } = await totals(agent, 'ipv4.tcp_resets_traced')
    return { stored: ipv4_sent + ipv6_sent + sent, least, most: countedIn(witness.dir, 'sent') }
  }

  const before = await sentSoFar()
  const outBefore = outRsts(hosts.b.namespace)
  const flood = Array.from({ length: PARTS }, () =>
    spawn(
      'ip',
      [
        'netns',
        'exec',
        hosts.a.namespace,
        PYTHON,
        join(__dirname, 'flood.py'),
        hosts.b.ipv4,
        `${PORT}`,
        `${COUNT / PARTS}`,
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    ),
  )
  const start = performance.now()
  const flooded = Promise.all(flood.map(child => once(child, 'exit'))).then(codes => ({
    codes: codes.map(([code]) => code),
    seconds: (performance.now() - start) / 1000,
  }))
  let over = false
  void flooded.then(() => {
    over = true
  })
  const times: number[] = []
  while (!over) {
    const asked = performance.now()
    await parent.table()
    times.push(performance.now() - asked)
    await sleep(50)
  }
  const { codes, seconds } = await flooded
  t.strictSame(codes, [0, 0])
  t.comment(
    `${Math.round(COUNT / seconds)} resets/s; ${times.length} answers meanwhile, the slowest in ${Math.max(...times).toFixed()} ms`,
  )
  t.ok(
    times.length > 0 && Math.max(...times) < 3000,
    `answers in time: ${times.map(took => took.toFixed())} ms`,
  )
  t.equal(outRsts(hosts.b.namespace) - outBefore, COUNT, 'the kernel sent so many')

  const received = await agent.waitFor('all are stored', async () => {
    const {
      ipv4_received = 0,
      ipv6_received = 0,
      received = 0,
    } = await totals(agent, 'ipv4.tcp_resets_traced')
    const sum = ipv4_received + ipv6_received + received
    return sum >= COUNT - 0.1 ? sum : undefined
  })
  // The agent stores rates as 32 bit floats: a hundredth more or less is no packet.
  t.ok(Math.abs(received - COUNT) < 0.1, `received, to the packet: ${received}`)
  const after = await sentSoFar()
  const stored = Math.round(after.stored - before.stored)
  t.ok(stored >= COUNT, `sent: ${stored}`)
  // Equal when nobody else reset anything just then.
  t.ok(
    stored >= after.least - before.most && stored <= after.most - before.least,
    `sent, to the packet: ${stored}, of ${after.least - before.most} to ${after.most - before.least}`,
  )
  t.equal(
    Math.round((await totals(agent, 'ipv4.tcp_resets_traced')).ipv4_received ?? 0),
    COUNT,
    'and no more came',
  )

  const table = await parent.table()
  const [first] = table.rows.filter(({ Direction }) => Direction === 'sent')
  const [firstReceived] = table.rows.filter(({ Direction }) => Direction === 'received')
  t.match(firstReceived, { Peer: hosts.b.ipv4, PeerPort: PORT, Family: 'IPv4' })
  if (first?.Reason === 'NO_SOCKET') {
    t.match(
      first,
      { LocalPort: PORT, Peer: hosts.a.ipv4, Stage: 'no connection', Family: 'IPv4' },
      'the attacker is on top',
    )
    t.ok(Number(first?.Resets) > 0.9 * COUNT, `with ${first?.Resets}`)
    const reasons = await totals(agent, 'ipv4.tcp_reset_reasons')
    t.ok((reasons.NO_SOCKET ?? 0) >= COUNT * 0.9, `NO_SOCKET: ${reasons.NO_SOCKET}`)
  }
  t.ok(table.coverage.resets >= 2 * COUNT)
  t.comment(`${table.coverage.read} of ${table.coverage.resets} were read`)

  const { data } = (await agent.json('/api/v1/data?chart=ipv4.tcp_resets&after=-10&format=json')) as {
    data: unknown[][]
  }
  t.ok(data.length >= 9 && data.every(([, value]) => value !== null), 'no tick was missed')
  const said = await stopAndRead(agent)
  const complaints = complaintsIn(said).filter(line => !/\bSTREAM\b/.test(line))
  t.strictSame(complaints, [], 'the agent has nothing to complain about')
})
