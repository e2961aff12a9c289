import { execFileSync } from 'node:child_process'
import t from 'tap'
import { netnsMounts } from '../../plugin/namespaces/mounts'
import { readSigns, type Signs, walkTimes } from '../../plugin/namespaces/walk-times'
import { noWorld } from './world'

const skip = noWorld ?? false

/** The seconds at which there is a walk, asked every 5 s. @param signsAt as they are at a second */
function walksAt(seconds: number, signsAt: (second: number) => Signs): number[] {
  let now = 0
  const isDue = walkTimes(() => signsAt(now))
  const walks: number[] = []
  while (now < seconds) {
    now += 5
    if (isDue(5)) walks.push(now)
  }
  return walks
}

t.test('every 40 s where something keeps a namespace, or nobody knows', async t => {
  const signs: Record<string, Signs> = {
    'a mount': { made: '7', kept: true },
    'mounts that can not be seen': { made: '7', kept: undefined },
    'no count': { made: undefined, kept: false },
  }
  for (const [name, sign] of Object.entries(signs))
    t.strictSame(
      walksAt(130, () => sign),
      [40, 80, 120],
      name,
    )
})

t.test('every ten minutes where nothing happens', async t => {
  t.strictSame(
    walksAt(1300, () => ({ made: '7', kept: false })),
    [600, 1200],
  )
})

t.test('twice after a namespace was made', async t => {
  t.strictSame(
    walksAt(600, second => ({ made: second < 130 ? '7' : '10', kept: false })),
    [160, 200],
    'the second time for a process that moved after the first',
  )
  t.strictSame(
    walksAt(300, second => ({ made: String(second), kept: false })),
    [40, 80, 120, 160, 200, 240, 280],
    'and on where more and more are made',
  )
})

t.test('a process that sleeps for long is no reason for many walks at once', async t => {
  const isDue = walkTimes(() => ({ made: undefined, kept: undefined }))
  t.ok(isDue(3600))
  t.notOk(isDue(5))
})

t.test('the kernel counts each namespace that is made', { skip }, async t => {
  const { made } = readSigns('')
  t.match(made, /^\d+\n$/)
  execFileSync('unshare', ['--net', 'true'])
  t.not(readSigns('').made, made)
  t.equal(readSigns('/host').kept, undefined, 'in a container')
})

t.test('sees what a mount keeps', { skip }, async t => {
  const name = `tr-kept-${process.pid}`
  execFileSync('ip', ['netns', 'add', name])
  t.teardown(() => execFileSync('ip', ['netns', 'del', name]))
  t.equal(readSigns('').kept, true)
})

t.test('the network namespaces among the mounts', async t => {
  // proc(5); captured on Debian 12 with `ip netns add a` and a mount namespace kept by systemd.
  const mountinfo = `43 42 0:4 net:[4026533909] /run/netns/a rw shared:140 - nsfs nsfs rw
44 42 0:4 mnt:[4026533910] /run/systemd/x rw shared:141 - nsfs nsfs rw
45 42 0:5 /net:[1] /y rw - ext4 /dev/sda rw
46 42 0:4 net:[4026531840] /run/docker/netns/default rw shared:7 - nsfs nsfs rw
`
  t.strictSame(netnsMounts(mountinfo), ['net:[4026533909]', 'net:[4026531840]'])
  t.strictSame(netnsMounts(''), [])
})
