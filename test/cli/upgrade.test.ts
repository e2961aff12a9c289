import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { lock } from '../../cli/install/lock'
import { recover } from '../../cli/install/transaction'
import { dist } from '../../scripts/build'
import { command } from './sandbox'
import { DEBIAN, plant, treeOf } from './tree'

const PLUGIN = 'usr/lib/netdata/plugins.d/tcp_resets.plugin'
const HEALTH = 'etc/netdata/health.d/tcp_resets.conf'
const STATE = 'var/lib/netdata-tcp-resets'

function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

/**
 * A machine with Debian's Netdata and an older version of the plugin, which had a guide more.
 *
 * @param guide the only one of the newer version, where all would take too long
 */
function older(
  t: Test,
  guide?: string,
): { root: string; command: string; upgrade: () => ReturnType<typeof run> } {
  const dir = t.testdir({})
  const [root, old, newer] = [join(dir, 'root'), join(dir, 'old'), join(dir, 'newer')]
  const guides = 'web/guides/tcp'
  plant(root, DEBIAN)
  cpSync(dist, newer, { recursive: true })
  for (const name of readdirSync(join(newer, guides)))
    if (guide !== undefined && name !== guide) rmSync(join(newer, guides, name))
  cpSync(newer, old, { recursive: true })
  for (const name of ['plugins.d/tcp_resets.plugin', 'health.d/tcp_resets.conf', 'conf.d/tcp_resets.conf']) {
    appendFileSync(join(old, name), '# of an older version\n')
  }
  writeFileSync(join(old, guides, 'gone.html'), 'of an older version\n')
  t.equal(run(join(old, 'bin', 'tcp-resets'), ['install', '--into', root]).status, 0)
  const command = join(newer, 'bin', 'tcp-resets')
  return { root, command, upgrade: () => run(command, ['install', '--into', root]) }
}

const own = (name: string): string => readFileSync(join(dist, name), 'utf8')

t.test('an upgrade replaces what nobody has edited', async t => {
  const { root, upgrade } = older(t)
  t.match(upgrade(), { status: 0, stdout: /over 0\.1\.0/ })
  t.equal(readFileSync(join(root, PLUGIN), 'utf8'), own('plugins.d/tcp_resets.plugin'))
  t.equal(readFileSync(join(root, HEALTH), 'utf8'), own('health.d/tcp_resets.conf'))
  t.notOk(
    existsSync(join(root, 'usr/share/netdata/web/guides/tcp/gone.html')),
    'what has gone from it is gone',
  )
})

t.test('an edited file stays, the new one lands beside it, and uninstall keeps it', async t => {
  const { root, upgrade } = older(t)
  const health = join(root, HEALTH)
  appendFileSync(health, '# mine\n')
  appendFileSync(join(root, PLUGIN), '// mine\n')
  const mine = readFileSync(health, 'utf8')
  t.match(upgrade(), {
    status: 0,
    stdout: /tcp_resets\.conf is yours and stays as it is; ours is beside it: .*\.conf\.new\n/,
  })
  t.equal(readFileSync(health, 'utf8'), mine)
  t.equal(readFileSync(`${health}.new`, 'utf8'), own('health.d/tcp_resets.conf'))
  t.equal(
    readFileSync(join(root, PLUGIN), 'utf8'),
    own('plugins.d/tcp_resets.plugin'),
    'a program is replaced',
  )
  t.match(readFileSync(join(root, `${PLUGIN}.saved`), 'utf8'), /\/\/ mine\n$/, 'and kept beside')

  t.equal(upgrade().status, 0)
  t.equal(readFileSync(health, 'utf8'), mine, 'once more: it still stays')
  renameSync(`${health}.new`, health)
  t.match(upgrade(), { status: 0, stdout: /^((?!is yours).)*$/s }, 'ours taken over: it is ours again')
  appendFileSync(health, '# mine\n')

  t.match(run(command, ['uninstall', '--into', root]), {
    status: 0,
    stdout: /tcp_resets\.conf: edited, kept\n/,
  })
  t.strictSame(
    Object.keys(treeOf(root)).filter(path => /tcp[-_]resets|guides/.test(path)),
    [HEALTH, `${PLUGIN}.saved`],
  )
})

t.test(
  'addresses of the guides, below that of a proxy, also after an upgrade that says nothing of them',
  async t => {
    const { root, upgrade } = older(t)
    const link = / Guide: https:\/\/netdata\.example\/netdata\/guides\/tcp\/10s_ipv4_tcp_resets_sent\.html\n/
    t.equal(
      run(command, ['install', '--into', root, '--guides-url', 'https://netdata.example/netdata/']).status,
      0,
    )
    t.match(readFileSync(join(root, HEALTH), 'utf8'), link)
    t.equal(upgrade().status, 0)
    t.match(readFileSync(join(root, HEALTH), 'utf8'), link)
    for (const bad of ['netdata.example', 'http://x/"><script>', 'http://a b', 'javascript:alert(1)']) {
      t.match(run(command, ['install', '--into', root, '--guides-url', bad]), {
        status: 2,
        stderr: /expected an address/,
      })
    }
  },
)

t.test('killed at any moment, the next run finds all of the old or all of the new', async t => {
  const { root, command } = older(t, 'index.html')
  const start = `${root}-start`
  cpSync(root, start, { recursive: true })
  const old = treeOf(root)
  const states = new Set<string>()
  for (let at = 1; ; at++) {
    const { signal, status } = spawnSync(
      process.execPath,
      ['--require', join(__dirname, 'kill-at.cjs'), command, 'install', '--into', root],
      { env: { KILL_AT: `${at}` } },
    )
    if (signal === null) {
      t.equal(status, 0)
      t.ok(at > 50, `killed at ${at - 1} moments`)
      break
    }
    const held = lock(join(root, STATE))
    recover(join(root, STATE))
    held.release()
    const now = treeOf(root)
    const isOld = JSON.stringify(now) === JSON.stringify(old)
    states.add(isOld ? 'old' : 'new')
    if (isOld) continue
    const text = `${now[PLUGIN]}`
    t.notMatch(text, /# of an older version/, `moment ${at}: committed, so all is new`)
    t.notMatch(now[HEALTH], /# of an older version/)
    t.strictSame(
      Object.keys(now).filter(path => /-(new|old)$|journal/.test(path)),
      [],
    )
    rmSync(root, { recursive: true })
    cpSync(start, root, { recursive: true })
  }
  t.strictSame([...states].sort(), ['new', 'old'])
})

t.test('a run that still goes on is not disturbed', async t => {
  const { root, upgrade } = older(t)
  const held = lock(join(root, STATE))
  const before = treeOf(root)
  t.match(upgrade(), { status: 1, stderr: /another tcp-resets is running \(process \d+\)/ })
  t.strictSame(treeOf(root), before)
  held.release()
  t.match(upgrade(), { status: 0 })
})
