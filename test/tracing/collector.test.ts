import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { systemTime } from '../../plugin/clock'
import { createLog } from '../../plugin/log'
import { tracingCollector } from '../../plugin/tracing/collector'
import { makeGrant, whyNoTracing } from './grant'

// The collector on the kernel that runs, in this process.

const skip = whyNoTracing() ?? false

/** So many connects to a closed port of this host: the kernel answers each with a reset. */
async function refused(port: number, count: number, host = '127.0.0.1'): Promise<void> {
  for (let i = 0; i < count; i++) await once(connect(port, host), 'error')
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function collect(dir: string) {
  let logged = ''
  const grants: boolean[] = []
  const log = createLog({}, line => {
    logged += line.replace(/^\S+ /, '')
  })
  const onGrant = (isThere: boolean): void => {
    if (isThere !== (grants.at(-1) ?? false)) grants.push(isThere)
  }
  const collector = tracingCollector(dir, 1, systemTime, log, onGrant, String)
  const now = systemTime.monotonic()
  return { ...collector, now, logged: () => logged, grants }
}

const total = (text: string, dimensions: RegExp): number =>
  [...text.matchAll(dimensions)].reduce((sum, match) => sum + Number(match[1]), 0)

t.test('no grant: says once how to get it, and looks again', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  const { collect: tick, retire, details, logged, grants, now } = collect(grant.dir)
  t.teardown(retire)
  t.equal(tick(now), '')
  t.equal(tick(now + 5000), '')
  t.match(
    logged(),
    /^tcp_resets\.plugin INFO: tracing: no reasons and peers of resets: ENOENT.* as root: tcp-resets grant\n$/,
  )
  t.equal(details(now), undefined)
  t.strictSame(grants, [])

  grant.grant()
  t.match(tick(now + 9000), '', 'not looked for at every tick')
  t.match(tick(now + 10_000), /^CHART ipv4\.tcp_resets_traced /)
  t.strictSame(grants, [true])
  t.equal(details(now)?.read, details(now)?.resets)

  const revoked = grant.revoke()
  let after = now + 10_000
  while (tick(after) !== '') {
    after += 1000
    await sleep(50)
  }
  t.ok(after - now <= 20_000, 'gone within 10 s')
  await revoked
  t.equal(details(now), undefined)
  t.equal(tick(after + 5000), '')

  grant.grant()
  t.match(tick(after + 10_000), /^BEGIN ipv4\.tcp_resets_traced \d+\n/, 'the same chart goes on')
  t.strictSame(grants, [true, false, true])
  t.strictSame(
    logged().match(/tracing: (no reasons|reading|\S+ is no longer)/g)?.length,
    4,
    'one line for each change',
  )
})

t.test('each reset is counted, with its reason, port and peer', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  grant.grant()
  const port = await closedPort()
  await refused(port, 3) // before anybody looked: not of now
  const { collect: tick, retire, details, now } = collect(grant.dir)
  t.teardown(retire)
  tick(now)
  const before = details(now)
  t.equal(
    before?.rows.find(({ localPort }) => localPort === port),
    undefined,
  )
  t.equal(before?.resets, before?.read, 'nothing is counted that nobody could read')
  await refused(port, 50)
  const text = tick(now + 1000)
  t.ok(total(text, /^SET ipv4_sent = (\d+)$/gm) >= 50)
  t.ok(total(text, /^SET ipv4_received = (\d+)$/gm) >= 50)
  const found = details(now + 1000)
  const row = found?.rows.find(({ localPort, direction }) => direction === 'sent' && localPort === port)
  if (found?.hasReasons) {
    t.match(row, {
      reason: 'NO_SOCKET',
      stage: 'no connection',
      peer: '127.0.0.1',
      family: 'IPv4',
      count: 50,
    })
    t.match(tick(now + 2000), /DIMENSION NO_SOCKET|SET NO_SOCKET = \d\d/)
  } else t.equal(row, undefined, 'this kernel traces none from closed ports')
  t.equal(found?.read, found?.resets, 'all were read')
})

t.test(
  'more than can be read: exact counts all the same, and what was read stands for the rest',
  { skip },
  async t => {
    const grant = makeGrant()
    t.teardown(grant.remove)
    grant.grant()
    const port = await closedPort()
    grant.receiveFrom(port)
    const { collect: tick, retire, details, now } = collect(grant.dir)
    t.teardown(retire)
    tick(now)
    const COUNT = 3000
    // One of the loopback's addresses that nobody else resets at.
    const host = `127.77.${randomInt(256)}.${randomInt(1, 255)}`
    await refused(port, COUNT, host)
    const start = systemTime.monotonic()
    const received = (): number =>
      (details(systemTime.monotonic())?.rows ?? [])
        .filter(({ direction, peer }) => direction === 'received' && peer === host)
        .reduce((sum, { count }) => sum + count, 0)
    let text = ''
    // What is not read at once waits in the buffer, and is looked for ten times a second without a tick.
    while (received() < COUNT - 0.5 && systemTime.monotonic() - start < 10_000) {
      await sleep(100)
      text = tick(systemTime.monotonic())
    }
    t.ok(total(text, /^SET ipv4_received = (\d+)$/gm) >= COUNT)
    t.equal(Math.round(received()), COUNT)
  },
)

t.test('another reader of the buffer: counts only, and it says so', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  grant.grant()
  const reader = openSync(`${grant.dir}/received/trace_pipe`, 'r')
  t.teardown(() => closeSync(reader))
  const { collect: tick, retire, logged, now } = collect(grant.dir)
  t.teardown(retire)
  tick(now)
  if (!/counts only/.test(logged())) return t.pass('busy', { skip: 'this kernel lets two read' })
  t.match(
    logged(),
    /WARNING: tracing: counts only: \S+\/received\/trace_pipe: another program is reading it\n/,
  )
  await refused(await closedPort(), 20)
  const text = tick(now + 1000) + tick(now + 2000)
  t.ok(total(text, /^SET received = (\d+)$/gm) >= 20, 'of unknown family')
})
