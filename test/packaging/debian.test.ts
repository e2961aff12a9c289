import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dist } from '../../scripts/build'
import { debianPackage } from '../../scripts/package'
import { noSandbox, openSandbox } from '../cli/sandbox'
import { ALL_WELL } from '../shell'

const skip =
  noSandbox ||
  (spawnSync('dpkg-query', ['--status', 'netdata-core', 'nodejs']).status !== 0 &&
    'needs Debian’s netdata and nodejs')

t.test('install, upgrade, remove and purge, with a running Netdata', { skip }, async t => {
  const dir = t.testdir({})
  const deb = debianPackage({ dist, version: '0.0.1', into: dir })
  const next = join(dir, 'next')
  cpSync(dist, next, { recursive: true })
  appendFileSync(join(next, 'health.d', 'tcp_resets.conf'), '# of the next version\n')
  appendFileSync(join(next, 'plugins.d', 'tcp_resets.plugin'), '// of the next version\n')
  const upgrade = debianPackage({ dist: next, version: '0.0.2', into: dir })

  const sandbox = await openSandbox(t)
  await sandbox.startNetdata()
  const dpkg = (args: string): string => sandbox.must(`DEBIAN_FRONTEND=noninteractive dpkg ${args} 2>&1`)
  const pid = (): string => sandbox.must("pgrep -f 'node .*[/]usr/lib/netdata/plugins.d/tcp_resets.plugin'")
  const before = sandbox.changes()

  t.equal(sandbox.run('install', '--into', '/').status, 0)
  t.match(sandbox.sh(`dpkg --install ${deb}`), {
    status: 1,
    stderr: /"tcp-resets install" has put its files here\. As root: tcp-resets uninstall/,
  })
  t.equal(sandbox.sh('tcp-resets uninstall').status, 0)

  dpkg(`--install ${deb}`)
  await sandbox.until('the doctor is content', ALL_WELL)
  t.match(sandbox.must('tcp-resets check-config'), '/usr/lib/netdata/conf.d/tcp_resets.conf: good\n')
  t.match(sandbox.sh('tcp-resets install'), { status: 1, stderr: /belongs to the Debian package: use apt/ })

  const first = pid()
  sandbox.must('echo "# mine" >>/etc/netdata/health.d/tcp_resets.conf')
  dpkg(`--force-confold --install ${upgrade}`)
  await sandbox.until(
    'the new plugin runs',
    `[ "$(pgrep -f 'node .*[/]usr/lib/netdata/plugins.d/tcp_resets.plugin')" -gt ${first.trim()} ]`,
  )
  t.match(sandbox.must('tail -1 /etc/netdata/health.d/tcp_resets.conf'), '# mine\n', 'an edited file stays')
  t.match(sandbox.must('tail -1 /etc/netdata/health.d/tcp_resets.conf.dpkg-dist'), '# of the next version\n')
  await sandbox.until('the doctor is content', ALL_WELL)

  sandbox.must(
    `rm /etc/netdata/health.d/tcp_resets.conf; echo >>/usr/lib/netdata/plugins.d/tcp_resets.plugin`,
  )
  t.match(
    sandbox.sh('tcp-resets doctor').stdout,
    /^wrong +files +gone: \/etc\S+tcp_resets.conf; not as they are in the package: \S+tcp_resets.plugin\n +→ as root: dpkg --force-confmiss --install netdata-tcp-resets_\S+_all.deb$/m,
  )
  dpkg(`--force-confmiss --install ${upgrade}`)
  t.match(sandbox.must('tcp-resets doctor'), /^good +files +those of the Debian package, all there$/m)
  sandbox.must('echo "# mine" >>/etc/netdata/health.d/tcp_resets.conf')
  t.match(
    sandbox.must('tcp-resets doctor'),
    /^note +files +edited since, and kept by upgrades: \/etc\S+tcp_resets.conf$/m,
  )

  dpkg('--remove netdata-tcp-resets')
  t.equal(sandbox.must('ls /etc/netdata/health.d/tcp_resets.conf'), '/etc/netdata/health.d/tcp_resets.conf\n')
  t.notMatch(sandbox.sh('ls /usr/lib/netdata/plugins.d').stdout, 'tcp_resets')
  await sandbox.until(
    'the plugin has ended',
    "! pgrep -f 'node .*[/]usr/lib/netdata/plugins.d/tcp_resets.plugin'",
  )

  dpkg('--purge netdata-tcp-resets')
  t.equal(sandbox.changes(), before, 'nothing is left')
  await sandbox.until(
    'the agent has given the alarms up',
    "! curl -s 'http://127.0.0.1:19999/api/v1/alarms?all' | grep -q 5m_ipv4_tcp_resets",
  )
})

t.test(
  'lintian has nothing to say',
  { skip: spawnSync('lintian', ['--version']).status !== 0 && 'needs lintian' },
  async t => {
    const deb = debianPackage({ dist, version: '0.0.1', into: t.testdir({}) })
    const { status, stdout } = spawnSync(
      'lintian',
      ['--allow-root', '--display-info', '--fail-on=info', deb],
      {
        encoding: 'utf8',
      },
    )
    t.strictSame([status, stdout.slice(0, 2000)], [0, ''])
  },
)
