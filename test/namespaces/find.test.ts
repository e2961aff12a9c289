import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import t from 'tap'
import { type Namespace, type NamespaceFinder, namespaceFinder } from '../../plugin/namespaces/find'
import { readOwner } from '../../plugin/namespaces/owner'
import { isKernelThread, netIdentity, uptime } from '../../plugin/namespaces/processes'
import { foreignSource } from '../../plugin/namespaces/read'
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
  finish(finder.lookAtNew())
  while (!finder.complete) finish(finder.walkOn(1))
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
  finish(finder.lookAtNew())
  const pid = await world.start('a')
  const looks = finish(finder.lookAtNew())
  t.strictSame(pidsOf(finder.found.get(inodeOf(pid))), [pid])
  t.comment(`${looks} looks`)
  for (let at = 0; at < 5; at++) finish(finder.lookAtNew())
  t.strictSame(pidsOf(finder.found.get(inodeOf(pid))), [pid], 'once')
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
  finish(finder.lookAtNew())
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
  const walk = (): void => {
    finish(finder.walkOn(8))
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

t.test('a namespace with many processes outlives those that are remembered', { skip }, async t => {
  const world = makeWorld(t)
  const pid = await world.start('a')
  const finder = completeFinder()
  const namespace = finder.found.get(inodeOf(pid)) as Namespace
  // Each takes over from the one before, and none of those between two looks is remembered.
  for (let at = 0; at < 5; at++) await world.outlive('a')
  const last = await world.outlive('a')
  t.notOk(finder.alive(namespace))
  finder.forget(namespace)
  finish(finder.lookAtNew())
  t.strictSame(pidsOf(finder.found.get(inodeOf(last))), [last])
})

t.test('when all that are remembered have ended, the walk finds the others', { skip }, async t => {
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
  finder.forget(namespace)
  while (!finder.found.has(inode)) finish(finder.walkOn(1))
  t.equal(pidsOf(finder.found.get(inode)).length > 0, true)
})

t.test('the owner of a process', { skip }, async t => {
  const world = makeWorld(t)
  const name = `${world.prefix}-x`
  const pid = await world.start(name)
  t.strictSame(readOwner('', pid), { runtime: 'process', name })
  t.strictSame(readOwner('', 1), { runtime: 'host', name: 'init' })
  await world.end(name)
  t.equal(readOwner('', pid), undefined)
})

t.test('Kubernetes: the pod’s name from the folder of its logs', async t => {
  const id = 'aaefb9d8feed2d453b543f6d928cede7a4dbefa6a0ae7c9b990dd234c56e93b9'
  const uid = '2fc932ce-fdcc-454b-97bd-aadfdeb4c340'
  const slice = `kubepods-pod${uid.replaceAll('-', '_')}.slice`
  const root = t.testdir({
    proc: { 77: { cgroup: `0::/kubepods.slice/${slice}/cri-containerd-${id}.scope\n` } },
    var: {
      log: { pods: { [`kube-system_coredns-abc_${uid}`]: {}, x_y_36b6d6be73b1065af369b3985edafa09: {} } },
    },
  })
  t.strictSame(readOwner(root, 77), {
    runtime: 'containerd',
    name: 'kube-system_coredns-abc',
    containerId: id,
    podUid: uid,
  })
})
