import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { inSlices } from '../../plugin/in-slices'
import { portOwners, type WantedPort } from '../../plugin/sources/port-owners'

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0016 0200007F:A2C4 01 00000000:00000000 02:000AFE2B 00000000     0        0 42 2 0000000000000000 20 4 30 10 -1
   2: 0100007F:0050 0200007F:A2C4 06 00000000:00000000 03:00000F2B 00000000     0        0 0 3 0000000000000000
   3: 0100007F:0016 0200007F:A2C4 01 00000000:00000000 02:0`

/** A host root with no process that shows what it has open. */
function hostRoot(t: { testdir(): string }): string {
  const prefix = t.testdir()
  for (const dir of ['proc/net', 'etc']) mkdirSync(join(prefix, dir), { recursive: true })
  writeFileSync(join(prefix, 'proc/net/tcp'), TCP)
  writeFileSync(join(prefix, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nweb:x:999:999::/:/bin/sh\n')
  return prefix
}

const noLinux = process.platform !== 'linux' && 'needs Linux'

/** The line of a port in TIME-WAIT. */
function timeWait(port: number): RegExp {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return new RegExp(`: 0100007F:${hex} [0-9A-F]{8}:[0-9A-F]{4} 06 `)
}

t.test(
  'the user of a port is known to all; where other namespaces may be, only for own addresses',
  async t => {
    const prefix = hostRoot(t)
    let others = false
    const search = portOwners(prefix, { mayHaveOthers: () => others, patience: Number.POSITIVE_INFINITY })
    const owners = (wanted: WantedPort[]) => inSlices(search(wanted))
    t.strictSame(
      // Port 80 is in TIME-WAIT: root's only in print.
      [...(await owners([{ port: 8080 }, { port: 22 }, { port: 80 }, { port: 9 }]))],
      [
        [8080, { user: 'web' }],
        [22, { user: 'root' }],
      ],
    )
    others = true
    t.strictSame([...(await owners([{ port: 8080 }, { port: 22, address: '127.0.0.1' }]))], [])
    t.strictSame([...(await owners([{ port: 8080, isOurs: true }]))], [[8080, { user: 'web' }]])
    const own = Object.values(networkInterfaces())
      .flatMap(all => all ?? [])
      .find(({ internal }) => !internal)?.address
    if (own !== undefined)
      t.strictSame([...(await owners([{ port: 8080, address: own }]))], [[8080, { user: 'web' }]])
  },
)

t.test('whoever listens has the port; connections of several users have no user', async t => {
  const prefix = hostRoot(t)
  const line = (port: string, state: string, uid: number, inode: number): string =>
    `   0: 0100007F:${port} 0200007F:A2C4 ${state} 00000000:00000000 00:00000000 00000000 ${uid} 0 ${inode} 1 0\n`
  const [LISTEN, ESTABLISHED] = ['0A', '01']
  writeFileSync(
    join(prefix, 'proc/net/tcp'),
    [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n',
      line('0016', ESTABLISHED, 999, 1),
      line('0016', LISTEN, 0, 2),
      line('0050', ESTABLISHED, 999, 3),
      line('0050', ESTABLISHED, 0, 4),
      line('1F90', ESTABLISHED, 999, 5),
      line('1F90', ESTABLISHED, 999, 6),
    ].join(''),
  )
  for (const [pid, inode, name] of [
    [1, 2, 'sshd'],
    [2, 1, 'shell'],
    [3, 3, 'one'],
    [4, 4, 'two'],
  ]) {
    mkdirSync(join(prefix, `proc/${pid}/fd`), { recursive: true })
    symlinkSync(`socket:[${inode}]`, join(prefix, `proc/${pid}/fd/3`))
    writeFileSync(join(prefix, `proc/${pid}/comm`), `${name}\n`)
  }
  const search = portOwners(prefix, { mayHaveOthers: () => false, patience: Number.POSITIVE_INFINITY })
  t.strictSame(
    [...(await inSlices(search([{ port: 22 }, { port: 80 }, { port: 8080 }])))],
    [
      [22, { process: 'sshd', user: 'root' }],
      [80, { process: 'one, two' }],
      [8080, { user: 'web' }],
    ],
  )
})

t.test('many processes: a short step for each, and a name in UTF-8 that was cut', async t => {
  const prefix = hostRoot(t)
  const PROCESSES = 2000
  for (let pid = 1; pid <= PROCESSES; pid++) mkdirSync(join(prefix, `proc/${pid}/fd`), { recursive: true })
  symlinkSync('socket:[4711]', join(prefix, 'proc/7/fd/3'))
  writeFileSync(
    join(prefix, 'proc/7/comm'),
    Buffer.concat([Buffer.from('köpförhöjåäö').subarray(0, 15), Buffer.from('\n')]),
  )
  const search = (patience: number) => portOwners(prefix, { mayHaveOthers: () => false, patience })
  const steps = search(Number.POSITIVE_INFINITY)([{ port: 8080 }])
  let count = 1
  let step = steps.next()
  for (; !step.done; step = steps.next()) count++
  t.ok(count > PROCESSES, `${count} steps`)
  t.strictSame([...step.value], [[8080, { process: 'köpförhöjå', user: 'web' }]])
  t.strictSame(
    [...(await inSlices(search(-1)([{ port: 8080 }])))],
    [[8080, { user: 'web' }]],
    'what is known by then',
  )
})

t.test('a socket of this very process', { skip: noLinux }, async t => {
  const server = createServer()
  t.teardown(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const address = Object.values(networkInterfaces())
    .flatMap(all => all ?? [])
    .find(({ internal }) => !internal)?.address
  if (address === undefined) return t.pass('no address', { skip: 'this machine has no network' })
  const search = portOwners('', { mayHaveOthers: () => true, patience: Number.POSITIVE_INFINITY })
  const owner = (await inSlices(search([{ port, address }]))).get(port)
  t.match(owner, {
    process: execFileSync('cat', [`/proc/${process.pid}/comm`], { encoding: 'utf8' }).trim(),
    user: spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim(),
  })
})

t.test('real ones: a name in UTF-8, and nobody for a port in TIME-WAIT', { skip: noLinux }, async t => {
  const { title } = process
  t.teardown(() => {
    process.title = title
  })
  process.title = 'köpförhöjåäö'
  // Ends after the client has: so it is the client's port that waits.
  const server = createServer(socket => socket.on('end', () => socket.end()).resume())
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1', () => client.end())
  await once(client, 'connect')
  const { localPort = 0 } = client
  await once(client.resume(), 'close')
  const search = portOwners('', { mayHaveOthers: () => false, patience: 60_000 })
  const owners = await inSlices(search([{ port }, { port: localPort }]))
  // 15 bytes are kept of a name.
  t.match(owners.get(port), { process: 'köpförhöjå' })
  t.match(readFileSync('/proc/net/tcp', 'latin1'), timeWait(localPort))
  t.equal(owners.get(localPort), undefined)
})
