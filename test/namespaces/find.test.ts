import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import t from 'tap'
import { type Namespace, type NamespaceFinder, namespaceFinder } from '../../plugin/namespaces/find'
import { isKernelThread, netIdentity, uptime } from '../../plugin/namespaces/processes'
import { foreignSource, hadTraffic } from '../../plugin/namespaces/read'
import { readSigns, walkTimes } from '../../plugin/namespaces/walk-times'
import { readAll } from '../../plugin/sources/kept-file'
import { makeWorld, noWorld } from './world'

// On the real /proc, with real namespaces.

const skip = noWorld ?? false
const inodeOf = (pid: number): number => statSync(`/proc/${pid}/net/snmp`).ino

function finish(steps: Generator<undefined>): number {
  let count = 0
  for (const _ of steps) count++
  return count
}

/** A finder that has seen every process once. */
function completeFinder(): NamespaceFinder {
  const finder = namespaceFinder('/proc')
  finish(finder.search(1))
  return finder
}

const pidsOf = (namespace: Namespace | undefined): number[] =>
  namespace?.processes.map(({ pid }) => pid) ?? []

t.test('finds what is there', { skip }, async t => {
  const world = makeWorld(t)
  const [first, second] = [await world.start('a'), await world.start('b')]
  const { found, fault } = completeFinder()
  t.equal(fault, undefined)
  t.strictSame(pidsOf(found.get(inodeOf(first))), [first])
  t.strictSame(pidsOf(found.get(inodeOf(second))), [second])
  t.notOk(found.has(inodeOf(process.pid)), 'not its own')
  const age = uptime('/proc') - (found.get(inodeOf(first))?.since ?? 0)
  t.ok(age > -0.02 && age < 30, `it is ${age} s old`)
})

t.test('finds a new one at once, without looking at every process', { skip }, async t => {
  const world = makeWorld(t)
  const finder = completeFinder()
  const pid = await world.start('a')
  const looks = finish(finder.search(0))
  t.strictSame(pidsOf(finder.found.get(inodeOf(pid))), [pid])
  t.comment(`${looks} looks`)
  for (let at = 0; at < 5; at++) finish(finder.search(0))
  t.strictSame(pidsOf(finder.found.get(inodeOf(pid))), [pid], 'once')
})

t.test('a new one that leaves a little later is looked at twice', { skip }, async t => {
  const world = makeWorld(t)
  const finder = completeFinder()
  const pid = await world.born('a')
  finish(finder.search(0))
  await world.leave('a')
  finish(finder.lookAgain())
  t.strictSame(pidsOf(finder.found.get(inodeOf(pid))), [pid])
})

t.test('an old process that moves is found within a minute', { skip }, async t => {
  const world = makeWorld(t)
  const pid = await world.born('a')
  const finder = namespaceFinder(
    '/proc',
    walkTimes(() => readSigns('')),
  )
  finish(finder.search(1))
  await world.leave('a')
  const inode = inodeOf(pid)
  finish(finder.search(0))
  t.notOk(finder.found.has(inode), 'not among the new ones')
  for (let seconds = 0; seconds < 55; seconds += 5) finish(finder.search(5))
  t.strictSame(pidsOf(finder.found.get(inode)), [pid])
})

t.test('exec nsenter of an old shell, to a namespace without a process', { skip }, async t => {
  const name = `tr-enter-${process.pid}`
  execFileSync('ip', ['netns', 'add', name])
  t.teardown(() => execFileSync('ip', ['netns', 'del', name]))
  const shell = spawn('sh', ['-c', `read go; exec nsenter --net=/run/netns/${name} sleep 60`], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  t.teardown(() => shell.kill('SIGKILL'))
  const pid = shell.pid ?? 0
  // Long after it was made.
  let made = 0
  const finder = namespaceFinder(
    '/proc',
    walkTimes(() => ({ ...readSigns(''), made: String(made) })),
  )
  finish(finder.search(1))
  made++
  for (let seconds = 0; seconds < 600; seconds += 5) finish(finder.search(5))
  shell.stdin.write('go\n')
  while (inodeOf(pid) === inodeOf(process.pid)) await new Promise(resolve => setImmediate(resolve))
  for (let seconds = 0; seconds < 55; seconds += 5) finish(finder.search(5))
  t.strictSame(pidsOf(finder.found.get(inodeOf(pid))), [pid])
})

t.test('many at once are listed, and none is missed', { skip }, async t => {
  const world = makeWorld(t)
  const finder = completeFinder()
  // More new ids than a third of the processes, nearly all of which have ended again.
  for (const _ of Array(400).keys()) execFileSync('true')
  const pid = await world.start('a')
  const looks = finish(finder.search(0))
  t.ok(looks < 200, `${looks} looks`)
  t.strictSame(pidsOf(finder.found.get(inodeOf(pid))), [pid])
})

t.test('reads its counters, through whichever process is left', { skip }, async t => {
  const world = makeWorld(t)
  const pid = await world.start('a')
  await world.reset('a', 3)
  const finder = completeFinder()
  const namespace = finder.found.get(inodeOf(pid)) as Namespace
  const source = foreignSource('/proc', namespace)
  t.match(source.read(), { counters: { OutRsts: 3n, AttemptFails: 3n, TCPAbortOnTimeout: 0n } })

  const heir = await world.outlive('a')
  finish(finder.search(0))
  t.equal(source.read().counters.OutRsts, 3n, 'the first process has ended, the second is known')
  t.strictSame(pidsOf(namespace), [heir])
  t.ok(finder.alive(namespace))

  await world.end('a')
  t.strictSame(source.read(), { counters: {} }, 'no counters is no fault')
  t.strictSame(pidsOf(namespace), [])
  t.notOk(finder.alive(namespace))
  finder.forget(namespace)
  t.notOk(finder.found.has(namespace.inode))
})

t.test('a process id that now belongs to another namespace is not read', { skip }, async t => {
  const world = makeWorld(t)
  const [first, second] = [await world.start('a'), await world.start('b')]
  await world.reset('b', 5)
  const inode = inodeOf(first)
  // As it is after the first process ended and its id was given to the second one.
  const reused: Namespace = { inode, identity: undefined, processes: [{ pid: second, started: 0 }], since: 0 }
  t.strictSame(foreignSource('/proc', reused).read(), { counters: {} })
  t.strictSame(reused.processes, [])
})

t.test('tells kernel threads from processes, and namespaces by a number of their own', { skip }, async t => {
  const world = makeWorld(t)
  const pid = await world.start('a')
  // kthreadd has this id in the first PID namespace (kernel: init/main.c), and this process is a child of none.
  t.equal(isKernelThread('/proc', 2), readFileSync('/proc/2/comm', 'utf8') === 'kthreadd\n')
  t.notOk(isKernelThread('/proc', process.pid))
  t.notOk(isKernelThread('/proc', 4_194_305), 'none at all')
  t.match(netIdentity('/proc', pid), /^\d+$/)
  t.not(netIdentity('/proc', pid), netIdentity('/proc', process.pid))
  t.equal(netIdentity('/proc', process.ppid), netIdentity('/proc', process.pid))
})

t.test('reads a file that the kernel gives out page by page', async t => {
  const lines = readAll('/proc/kallsyms').split('\n')
  t.equal(lines.pop(), '')
  t.ok(lines.join().length > 100_000, 'far more than a page')
})

t.test('a later namespace with the same inode is another one', async t => {
  // A made-up /proc: which inode the kernel uses again can't be chosen.
  const stat = (pid: number) => `${pid} (x) S ${'0 '.repeat(18)}100 0\n`
  const process_ = (pid: number, socket: number) => ({
    stat: stat(pid),
    net: {
      snmp: '',
      netlink: `sk Eth Pid Inode\n00ab 0   77  1 9\n00cd 0   0   00000000 0 2 0 ${socket}  \n`,
    },
  })
  const proc = t.testdir({
    net: { snmp: '' },
    1: process_(1, 4),
    11: process_(11, 5),
    12: process_(12, 5),
    13: process_(13, 6),
  })
  const [one, two, three] = [11, 12, 13].map(pid => `${proc}/${pid}`) as [string, string, string]
  for (const other of [two, three]) {
    rmSync(`${other}/net/snmp`)
    linkSync(`${one}/net/snmp`, `${other}/net/snmp`)
  }
  for (const later of [two, three]) renameSync(later, `${later}-later`)
  const finder = namespaceFinder(proc)
  // The whole of it, and the end.
  const walk = (): void => {
    for (let at = 0; at < 2; at++) finish(finder.search(60))
  }
  walk()
  const { ino } = statSync(`${one}/net/snmp`)
  const first = finder.found.get(ino)
  t.strictSame(pidsOf(first), [11])

  renameSync(`${two}-later`, two)
  rmSync(one, { recursive: true })
  walk()
  t.equal(finder.found.get(ino), first, 'the same one, with another process')

  renameSync(`${three}-later`, three)
  rmSync(two, { recursive: true })
  walk()
  t.strictSame(pidsOf(finder.found.get(ino)), [13], 'another one')
  t.not(finder.found.get(ino), first)
  t.strictSame(pidsOf(first), [], 'and the first is empty')
  finder.forget(first as Namespace)
  t.ok(finder.found.has(ino), 'which takes nothing from the other')
})

t.test('one whose process ended before it could be asked is told from the next with its inode', async t => {
  const stat = `1 (x) S ${'0 '.repeat(18)}5 0\n`
  const netlink = 'sk Eth Pid Inode\n00cd 0   0   00000000 0 2 0 5  \n'
  const proc = t.testdir({
    net: { snmp: '' },
    1: { stat, net: { snmp: '', netlink } },
    11: { stat, net: { snmp: '' } },
    '12-later': { stat, net: { netlink } },
  })
  linkSync(`${proc}/11/net/snmp`, `${proc}/12-later/net/snmp`)
  const finder = namespaceFinder(proc)
  finish(finder.search(1))
  const { ino } = statSync(`${proc}/11/net/snmp`)
  const first = finder.found.get(ino)
  t.strictSame(pidsOf(first), [11])

  renameSync(`${proc}/12-later`, `${proc}/12`)
  rmSync(`${proc}/11`, { recursive: true })
  finish(finder.search(1))
  t.strictSame(pidsOf(finder.found.get(ino)), [12])
  t.not(finder.found.get(ino), first)
})

t.test('a namespace with many processes outlives those that are remembered', { skip }, async t => {
  const world = makeWorld(t)
  const pid = await world.start('a')
  const finder = completeFinder()
  const namespace = finder.found.get(inodeOf(pid)) as Namespace
  // Each takes over from the one before, and none of those between two looks is remembered.
  for (let at = 0; at < 5; at++) await world.outlive('a')
  const last = await world.outlive('a')
  t.notOk(finder.alive(namespace))
  finish(finder.seek([namespace]))
  t.equal(finder.found.get(inodeOf(last)), namespace)
  t.strictSame(pidsOf(namespace), [last])
})

t.test('when all that are remembered have ended, the others are looked for', { skip }, async t => {
  const world = makeWorld(t)
  const pid = await world.start('a')
  const inode = inodeOf(pid)
  const sleepers = Array.from({ length: 12 }, () =>
    spawn('nsenter', [`--net=/proc/${pid}/ns/net`, 'sleep', '60'], { stdio: 'ignore' }),
  )
  t.teardown(() => {
    for (const child of sleepers) child.kill('SIGKILL')
  })
  const inside = () => sleepers.filter(({ pid }) => pid && inodeOf(pid) === inode).length
  while (inside() < sleepers.length) await new Promise(resolve => setTimeout(resolve, 10))

  const finder = completeFinder()
  const namespace = finder.found.get(inode) as Namespace
  const remembered = pidsOf(namespace)
  t.equal(remembered.length, 8)
  await world.end('a')
  for (const child of sleepers.filter(({ pid }) => remembered.includes(pid ?? 0))) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  t.notOk(finder.alive(namespace))
  finish(finder.seek([namespace]))
  t.equal(finder.found.get(inode), namespace, 'the same one')
  t.equal(pidsOf(namespace).length, sleepers.length - remembered.filter(id => id !== pid).length)
})

t.test('it is as old as its oldest process, whatever the order of their ids', async t => {
  // A made-up /proc: which ids the kernel gives out can't be chosen.
  const process_ = (started: number) => ({
    stat: `1 (x) S ${'0 '.repeat(18)}${started} 0\n`,
    net: { snmp: '', netlink: 'sk Eth Pid Inode\n00cd 0   0   00000000 0 2 0 5  \n' },
  })
  // 12 processes; the three that began first have the highest ids, as after the ids started over.
  const starts = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [11 + at, (at + 4) % 12]))
  const processes = Object.fromEntries(
    Object.entries(starts).map(([pid, at]) => [pid, process_(100 * (at + 1))]),
  )
  const proc = t.testdir({ net: { snmp: '' }, 1: process_(1), ...processes })
  for (const pid of Object.keys(starts).slice(1)) {
    rmSync(`${proc}/${pid}/net/snmp`)
    linkSync(`${proc}/11/net/snmp`, `${proc}/${pid}/net/snmp`)
  }
  const finder = namespaceFinder(proc)
  finish(finder.search(1))
  const namespace = finder.found.get(statSync(`${proc}/11/net/snmp`).ino)
  t.equal(namespace?.since, 1)
  t.strictSame(
    namespace?.processes.map(({ started }) => started),
    [1, 2, 3, 4, 5, 6, 7, 8],
    'and the oldest are remembered',
  )
})

t.test('traffic, or silence', { skip }, async t => {
  const world = makeWorld(t)
  const pid = await world.born('a')
  await world.hush('a')
  const namespace = completeFinder().found.get(inodeOf(pid)) as Namespace
  t.notOk(hadTraffic('/proc', namespace))
  t.strictSame(pidsOf(namespace), [pid], 'which is not its end')
  await world.talk('a')
  t.ok(hadTraffic('/proc', namespace))
  await world.end('a')
  t.notOk(hadTraffic('/proc', namespace))
  t.strictSame(pidsOf(namespace), [])
})
