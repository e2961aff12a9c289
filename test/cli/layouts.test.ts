import { spawnSync } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { command } from './sandbox'
import { DEBIAN, plant, treeOf } from './tree'

// Where an installation puts its files, on trees that look like the installations of Netdata.

const FREEBSD = join(__dirname, '..', 'platform-freebsd.cjs')

interface Layout {
  readonly has: readonly string[]
  readonly args?: readonly string[]
  readonly freebsd?: true
  /** Where plugin, stock configuration, alarms, guides and manifest have to be. */
  readonly puts: readonly string[]
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  'Debian and Ubuntu': {
    has: DEBIAN,
    puts: [
      'usr/lib/netdata/plugins.d/tcp_resets.plugin',
      'usr/lib/netdata/conf.d/tcp_resets.conf',
      'etc/netdata/health.d/tcp_resets.conf',
      'usr/share/netdata/web/guides/tcp/index.html',
      'var/lib/netdata-tcp-resets/manifest.json',
    ],
  },
  'RPM, and Netdata’s own DEB': {
    has: [
      'usr/libexec/netdata/plugins.d/',
      'usr/lib64/netdata/conf.d/',
      'usr/share/netdata/web/',
      'etc/netdata/',
    ],
    puts: [
      'usr/libexec/netdata/plugins.d/tcp_resets.plugin',
      'usr/lib64/netdata/conf.d/tcp_resets.conf',
      'etc/netdata/health.d/tcp_resets.conf',
      'usr/share/netdata/web/guides/tcp/index.html',
      'var/lib/netdata-tcp-resets/manifest.json',
    ],
  },
  'the static build': {
    has: [
      'opt/netdata/usr/libexec/netdata/plugins.d/',
      'opt/netdata/usr/lib/netdata/conf.d/',
      'opt/netdata/usr/share/netdata/web/',
      'opt/netdata/etc/netdata/',
    ],
    puts: [
      'opt/netdata/usr/libexec/netdata/plugins.d/tcp_resets.plugin',
      'opt/netdata/usr/lib/netdata/conf.d/tcp_resets.conf',
      'opt/netdata/etc/netdata/health.d/tcp_resets.conf',
      'opt/netdata/usr/share/netdata/web/guides/tcp/index.html',
      'var/lib/netdata-tcp-resets/manifest.json',
    ],
  },
  'a source prefix that was named, beside another Netdata': {
    has: [
      ...DEBIAN,
      'srv/nd/libexec/netdata/plugins.d/',
      'srv/nd/lib/netdata/conf.d/',
      'srv/nd/share/netdata/web/',
    ],
    args: ['--netdata-prefix', '/srv/nd'],
    puts: [
      'srv/nd/libexec/netdata/plugins.d/tcp_resets.plugin',
      'srv/nd/lib/netdata/conf.d/tcp_resets.conf',
      'srv/nd/etc/netdata/health.d/tcp_resets.conf',
      'srv/nd/share/netdata/web/guides/tcp/index.html',
      'var/lib/netdata-tcp-resets/manifest.json',
    ],
  },
  'FreeBSD’s package (the platform overridden: not run there)': {
    has: [
      'usr/local/libexec/netdata/plugins.d/',
      'usr/local/lib/netdata/conf.d/',
      'usr/local/share/netdata/web/',
      'usr/local/etc/netdata/',
    ],
    freebsd: true,
    puts: [
      'usr/local/libexec/netdata/plugins.d/tcp_resets.plugin',
      'usr/local/lib/netdata/conf.d/tcp_resets.conf',
      'usr/local/etc/netdata/health.d/tcp_resets.conf',
      'usr/local/share/netdata/web/guides/tcp/index.html',
      'var/db/netdata-tcp-resets/manifest.json',
    ],
  },
}

for (const [name, { has, args = [], freebsd, puts }] of Object.entries(LAYOUTS)) {
  t.test(name, async t => {
    const root = t.testdir({})
    plant(root, has)
    const before = treeOf(root)
    const run = (...words: string[]) =>
      spawnSync(
        process.execPath,
        [...(freebsd ? ['--require', FREEBSD] : []), command, ...words, '--into', root, ...args],
        { encoding: 'utf8' },
      )

    t.match(run('install', '--dry-run'), { status: 0, stderr: '' })
    t.strictSame(treeOf(root), before, 'a dry run changes nothing')

    t.match(run('install'), { status: 0, stderr: '' })
    for (const path of puts) t.ok(existsSync(join(root, path)), path)
    t.equal(statSync(join(root, `${puts[0]}`)).mode & 0o7777, 0o755)
    t.equal(statSync(join(root, `${puts[2]}`)).mode & 0o7777, 0o644)
    t.notOk(
      Object.keys(treeOf(root)).find(path => /tcp-resets-(new|old)/.test(path)),
      'no litter',
    )

    t.match(run('uninstall'), { status: 0, stderr: '' })
    t.strictSame(treeOf(root), before, 'as if it had never been there')
    t.match(run('uninstall'), { status: 1, stderr: /installed nothing here/ })
  })
}

t.test('no Netdata', async t => {
  const root = t.testdir({ srv: {} })
  const before = treeOf(root)
  for (const word of ['install', 'uninstall']) {
    t.match(spawnSync(command, [word, '--into', root], { encoding: 'utf8' }), {
      status: 1,
      stdout: '',
      stderr: /no Netdata below .*neither empty nor a \/etc\/netdata/,
    })
  }
  t.strictSame(treeOf(root), before)
})

t.test('the package of Debian has it already', async t => {
  const root = t.testdir({})
  plant(root, DEBIAN)
  plant(root, ['var/lib/dpkg/info/'])
  writeFileSync(
    join(root, 'var/lib/dpkg/info/netdata-tcp-resets.list'),
    '/.\n/usr/lib/netdata/plugins.d/tcp_resets.plugin\n',
  )
  t.match(spawnSync(command, ['install', '--into', root], { encoding: 'utf8' }), {
    status: 1,
    stderr: /use apt/,
  })
  t.match(
    spawnSync(command, ['uninstall', '--into', root], { encoding: 'utf8' }),
    { status: 1, stderr: /use apt/ },
    'and nothing takes its files away',
  )
})
