import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { version } from '../../package.json'
import { root } from '../../scripts/build'

t.test('the packed tarball has the built tree, and npx runs its command', async t => {
  const dir = t.testdir({})
  const packed = spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], {
    cwd: root,
    encoding: 'utf8',
  })
  t.equal(packed.status, 0, packed.stderr)
  const [{ filename, files }] = JSON.parse(packed.stdout)
  const names = files.map((file: { path: string }) => file.path)
  t.strictSame(
    names.filter((name: string) => !name.startsWith('dist/')).sort(),
    ['LICENSE', 'README.md', 'package.json'],
    'nothing but the built tree',
  )
  t.ok(names.includes('dist/plugins.d/tcp_resets.plugin'))
  t.notOk(names.find((name: string) => name.endsWith('.deb')))

  const npx = (...args: string[]) =>
    spawnSync('npx', ['--yes', '--offline', `file:${join(dir, filename)}`, ...args], {
      cwd: dir,
      encoding: 'utf8',
      env: { ...process.env, npm_config_cache: join(dir, 'cache') },
    })
  t.equal(npx('--version').stdout, `${version}\n`)
  // An address where nobody answers: what the machine has or has not is not for this test.
  const { stdout, status } = npx('doctor', '--json', '--url', 'http://127.0.0.1:9')
  t.equal(status, 1)
  t.match(JSON.parse(stdout), { ok: false, findings: [{ check: 'netdata', status: 'wrong' }] })
  t.match(npx('check-config').stdout, /dist\/conf\.d\/tcp_resets\.conf: good\n$/)
})
