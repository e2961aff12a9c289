import fs, { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fingerprintOf } from '../../cli/install/file'
import { makePlan, removable } from '../../cli/install/plan'
import { change, interrupted, recover } from '../../cli/install/transaction'
import { treeOf } from './tree'

const put = (path: string, text: string) => ({ path, content: Buffer.from(text), mode: 0o640 })

t.test('puts and removes, with links and new directories', async t => {
  const dir = t.testdir({ old: 'old', gone: 'gone', state: {} })
  symlinkSync('nowhere', join(dir, 'link'))
  change(join(dir, 'state'), {
    put: [
      put(join(dir, 'old'), 'new'),
      put(join(dir, 'a/b/c'), 'c'),
      { path: join(dir, 'link'), content: { link: 'old' }, mode: 0o777 },
    ],
    remove: [join(dir, 'gone'), join(dir, 'never')],
  })
  t.strictSame(treeOf(dir), {
    'a/': '755',
    'a/b/': '755',
    'a/b/c': '640 c',
    link: '→ old',
    old: '640 new',
    'state/': '755',
  })
})

t.test('one that fails changes nothing', async t => {
  const dir = t.testdir({ old: 'old', gone: 'gone', directory: { file: '' } })
  const before = treeOf(dir)
  const state = join(dir, 'state')
  t.throws(
    () =>
      change(state, {
        put: [put(join(dir, 'a/b'), 'b'), put(join(dir, 'old'), 'new'), put(join(dir, 'directory'), 'no')],
        remove: [join(dir, 'gone')],
      }),
    /expected a file, found a directory: remove it\. No file was changed$/,
  )
  t.strictSame(treeOf(dir), before)
})

t.test(
  'what another user puts in the way of a new file, in the last moment, is not written through',
  async t => {
    const dir = t.testdir({ victim: 'victim', old: 'old' })
    const { rmSync } = fs
    let isThere = false
    // Right after the way was cleared.
    t.intercept(fs, 'rmSync', {
      value: (path: string, options: fs.RmOptions) => {
        rmSync(path, options)
        if (isThere || path !== join(dir, 'old.tcp-resets-new')) return
        isThere = true
        symlinkSync('victim', path)
      },
    })
    t.throws(
      () => change(join(dir, 'state'), { put: [put(join(dir, 'old'), 'new')], remove: [] }),
      /EEXIST.*No file was changed$/,
    )
    t.ok(isThere)
    t.equal(readFileSync(join(dir, 'victim'), 'utf8'), 'victim')
    t.equal(readFileSync(join(dir, 'old'), 'utf8'), 'old')
  },
)

t.test('a killed one is taken back, or cleared up after', async t => {
  for (const committed of [false, true]) {
    const dir = t.testdir({ file: 'new', 'file.tcp-resets-old': 'old', added: 'new', state: {} })
    const steps = [
      { path: join(dir, 'file'), existed: true },
      { path: join(dir, 'added'), existed: false },
    ]
    const journal = join(dir, 'state', 'journal.json')
    // A process id that no process has: the largest there can be, and one more.
    writeFileSync(journal, JSON.stringify({ pid: 2 ** 22 + 1, committed, steps, made: [] }))
    t.ok(interrupted(join(dir, 'state')))
    t.match(recover(join(dir, 'state')), committed ? /cleaned up/ : /undid/)
    t.equal(readFileSync(join(dir, 'file'), 'utf8'), committed ? 'new' : 'old')
    t.equal(existsSync(join(dir, 'added')), committed)
    t.notOk(existsSync(join(dir, 'file.tcp-resets-old')))
    t.equal(recover(join(dir, 'state')), undefined, 'once is enough')
  }
})

t.test('the plan keeps what is theirs', async t => {
  const dir = t.testdir({ theirs: 'edited', ours: 'as we left it', program: 'edited' })
  const at = (name: string): string => join(dir, name)
  const before = {
    version: '0',
    files: {
      [at('ours')]: `${fingerprintOf(at('ours'))}`,
      [at('theirs')]: 'sha256:other',
      [at('past')]: 'sha256:gone',
    },
    directories: [],
  }
  const wanted = ['theirs', 'ours', 'program'].map(name => ({
    ...put(at(name), 'new'),
    ifEdited: name === 'program' ? ('theirs-beside' as const) : ('ours-beside' as const),
  }))
  const plan = makePlan(wanted, at('state'), before, { version: '1' })
  t.strictSame(
    plan.put.map(({ path }) => path),
    ['theirs.new', 'ours', 'program.saved', 'program', 'state/manifest.json'].map(at),
  )
  t.strictSame(plan.manifest.directories, [at('state')])
  t.equal(plan.notes.length, 2)
  t.strictSame(removable(before, Object.keys(before.files)), { remove: [at('ours')], kept: [at('theirs')] })
})
