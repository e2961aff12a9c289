import t from 'tap'
import { command, noSandbox, openSandbox } from './sandbox'

// A real system's Netdata, as Debian installs it, from nothing to nothing.

t.test('installs, works, upgrades, and goes without a trace', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  await sandbox.startNetdata()
  const before = sandbox.changes()

  const installed = sandbox.sh(`umask 077; '${command}' install`)
  t.match(installed, { status: 0, stderr: '' })
  t.match(installed.stdout, /found by the running agent's answer/)
  t.match(installed.stdout, /Data and alarms are there\.\n {2}chart {3}http:\S+\n {2}guides {2}http:/)
  const guides = /guides {2}(\S+)/.exec(installed.stdout)?.[1]
  t.match(
    sandbox.must(`curl -sSf ${guides}`),
    /<title>TCP resets: the guides<\/title>/,
    'the address that it prints is served',
  )

  const { status, stdout } = sandbox.run('doctor', '--json')
  const { ok, findings } = JSON.parse(stdout)
  t.strictSame(
    [
      status,
      ok,
      findings.filter((finding: { status: string }) => !['good', 'note'].includes(finding.status)),
    ],
    [0, true, []],
    'the doctor has nothing to say',
  )

  // Real resets get as far as the agent's own database.
  sandbox.must(
    `'${process.execPath}' -e 'let n = 500; const next = () => n-- && net.connect(9, "127.0.0.1").on("error", next); next()'`,
  )
  await sandbox.until(
    'the resets are on the chart',
    `curl -s 'http://127.0.0.1:19999/api/v1/data?chart=ipv4.tcp_resets&after=-300&dimensions=sent&format=csv' |
      awk -F, '{ sum += $2 } END { exit sum < 499.9 }'`,
  )

  const pid = () => sandbox.must("pgrep -f 'node .*/usr/lib/netdata/plugins.d/tcp_resets[.]plugin'").trim()
  const first = pid()
  sandbox.must('echo "# mine" >>/etc/netdata/health.d/tcp_resets.conf')
  t.match(sandbox.run('install'), { status: 0, stdout: /is yours and stays as it is/ })
  t.not(pid(), first, 'the agent runs the plugin that is there now')
  t.match(sandbox.run('doctor'), { status: 0, stdout: /tcp_resets\.conf\.new\n.*merge them into yours/ })
  sandbox.must('mv /etc/netdata/health.d/tcp_resets.conf.new /etc/netdata/health.d/tcp_resets.conf')
  t.match(sandbox.run('install'), { status: 0 })

  // What it was installed from may be gone by now: the command is on the PATH, and can do all by itself.
  sandbox.must('rm /usr/lib/netdata/plugins.d/tcp_resets.plugin')
  t.match(
    sandbox.sh('tcp-resets doctor').stdout,
    /wrong +files +gone: .*tcp_resets.plugin\n +→ as root: tcp-resets install/,
  )
  t.match(sandbox.sh('tcp-resets install'), { status: 0, stderr: '' })
  t.match(sandbox.must('tcp-resets check-config'), '/usr/lib/netdata/conf.d/tcp_resets.conf: good\n')
  t.match(sandbox.must('cat /usr/local/share/man/man8/tcp-resets.8'), /^\.Dt TCP-RESETS 8$/m)
  t.match(sandbox.sh('tcp-resets uninstall'), { status: 0, stderr: '' })
  t.equal(sandbox.changes(), before, 'no file is left')
  await sandbox.until(
    'the agent has given the plugin and its alarms up',
    "! pgrep -f 'tcp_resets[.]plugin' && ! curl -s 'http://127.0.0.1:19999/api/v1/alarms?all' | grep -q 5m_ipv4_tcp_resets",
    40,
  )
})

t.test('before Netdata is started', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  t.match(sandbox.run('install'), { status: 0, stdout: /No Netdata of this machine answers at .*Start it/ })
  await sandbox.startNetdata()
  await sandbox.until('the doctor is content', `'${command}' doctor`)
})

t.test('what a stranger says at the agent’s address is not believed', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  const theirs = `/tmp/of-a-stranger-${process.pid}`
  const keys = ['config', 'stock config', 'web', 'lib', 'plugins']
  const lie = ['[directories]', ...keys.map(key => ` ${key} = ${theirs}`), ''].join('\\n')
  sandbox.must(`setpriv --reuid 65534 --clear-groups '${process.execPath}' -e '
    http.createServer((_, answer) => answer.end("${lie}")).listen(19999, "127.0.0.1")' >/dev/null 2>&1 &`)
  await sandbox.until('the stranger answers', 'curl -sf http://127.0.0.1:19999/netdata.conf')
  t.match(sandbox.run('install'), { status: 0, stdout: /^Netdata: found by its files below \/\n/ })
  t.equal(sandbox.sh(`test -e ${theirs}`).status, 1, 'nothing was put where the stranger wanted it')
})
