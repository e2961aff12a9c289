import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dist } from '../../scripts/build'
import type { Result } from '../shell'
import { fixture, NETSTAT_14 } from '../stand-in-netstat'
import { noSandbox, openSandbox, type Sandbox } from './sandbox'

// The command on a machine that has the directories of FreeBSD's package, with the platform overridden and stand-ins
// for the programs of FreeBSD's base system: these translate what this machine's kernel says of real processes.

const PLUGINS = '/usr/local/libexec/netdata/plugins.d'
const CONF = '/usr/local/etc/netdata'
const FREEBSD = join(__dirname, '..', 'platform-freebsd.cjs')
const PS = '-axww -o pid= -o ppid= -o uid= -o gid= -o jid= -o args='

const STAND_INS: Readonly<Record<string, string>> = {
  ps: `[ "$*" = '${PS}' ] || exit 64
/bin/ps -axww -o pid= -o ppid= -o uid= -o gid= -o args= | sed -E 's/^(( *[0-9]+){4})/\\1   0/'`,
  sockstat: `[ "$*" = '-46 -c -P tcp -p 19999' ] || exit 64
echo 'USER     COMMAND    PID   FD PROTO  LOCAL ADDRESS         FOREIGN ADDRESS      '
ss -Htnp state established sport = :19999 | sed -nE 's/^ *[0-9]+ +[0-9]+ +([^ ]+) +([^ ]+) +users:\\(\\("netdata",pid=([0-9]+),fd=([0-9]+).*/netdata  netdata    \\3  \\4 tcp4   \\1  \\2/p'`,
  procstat: `[ "$1" = -b ] || exit 64
printf '%5s %-16s %8s %s\\n%5d %-16s %8d %s\\n' PID COMM OSREL PATH "$2" netdata 1400097 "$(readlink "/proc/$2/exe")"`,
  service: `[ "$*" = 'netdata rcvar' ] || exit 64
printf '# netdata\\n#\\nnetdata_enable="%s"\\n#   (default: "")\\n\\n' "$(cat /opt/freebsd/enabled)"`,
  sysctl: '[ "$1" = -n ] || exit 64\necho 1',
  uname:
    'case "$*" in -K) echo 1401000;; -U) exec cat /opt/freebsd/userland;; *) exec /bin/uname "$@";; esac',
  netstat: 'exec cat /opt/freebsd/netstat.json',
}

const NETDATA_CONF = `[global]
  run as user = netdata
[directories]
  config = ${CONF}
  stock config = /usr/local/lib/netdata/conf.d
  plugins = "${PLUGINS}"
  web = /usr/local/share/netdata/web
  lib = /var/db/netdata
[web]
  bind to = 127.0.0.1:19999
[plugins]
  check for new plugins every = 2
`

/** Moves Debian's Netdata to where FreeBSD's package has it, and makes a built tree whose plugin is on FreeBSD. */
function furnish(sandbox: Sandbox, dir: string): void {
  for (const [name, script] of Object.entries(STAND_INS)) {
    writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  writeFileSync(join(dir, 'netstat.json'), fixture(NETSTAT_14))
  writeFileSync(join(dir, 'netdata.conf'), NETDATA_CONF)
  // The agent here takes alarms for Linux; FreeBSD's would not take those on resets sent.
  const health = readFileSync(join(dist, 'health.d', 'tcp_resets.conf'), 'utf8').replace(
    /^(\s*os: )(.*)$/gm,
    (_, key, list) => `${key}${list.includes('freebsd') ? 'linux' : 'none'}`,
  )
  writeFileSync(join(dir, 'health.conf'), health)
  sandbox.must(`set -e
    mkdir -p /usr/local/libexec/netdata /usr/local/lib/netdata /usr/local/share/netdata ${CONF}/health.d /var/db/netdata
    mv /usr/sbin/netdata /usr/local/sbin/netdata
    mv /usr/lib/netdata/plugins.d ${PLUGINS}
    mv /usr/lib/netdata/conf.d /usr/local/lib/netdata/
    cp -rL /usr/share/netdata/web /usr/local/share/netdata/
    rm -r /usr/lib/netdata /usr/share/netdata /etc/netdata
    chown -R netdata /var/db/netdata
    cp '${dir}/netdata.conf' ${CONF}/
    mkdir -p /opt/freebsd/bin
    cp -r '${dist}' /opt/freebsd/dist
    cp '${dir}/health.conf' /opt/freebsd/dist/health.d/tcp_resets.conf
    cp '${dir}/netstat.json' /opt/freebsd/
    cp ${Object.keys(STAND_INS)
      .map(name => `'${join(dir, name)}'`)
      .join(' ')} /opt/freebsd/bin/
    sed -i 's|^[*]/$|&\\nObject.defineProperty(process, "platform", { value: "freebsd" })|' /opt/freebsd/dist/plugins.d/tcp_resets.plugin
    echo 1401000 >/opt/freebsd/userland
    echo YES >/opt/freebsd/enabled`)
}

const START = `PATH=/opt/freebsd/bin:$PATH /usr/local/sbin/netdata -c ${CONF}/netdata.conf -P /run/netdata.pid`

t.test('installs, checks, upgrades and uninstalls as on FreeBSD', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  furnish(sandbox, t.testdir({}))
  const run = (words: string): Result =>
    sandbox.sh(
      `PATH=/opt/freebsd/bin:$PATH '${process.execPath}' --require '${FREEBSD}' /opt/freebsd/dist/bin/tcp-resets ${words}`,
    )
  const answers = 'curl -sf http://127.0.0.1:19999/api/v1/info'
  sandbox.must(START)
  await sandbox.until('Netdata answers', answers)
  const before = sandbox.changes()

  const installed = run('install')
  t.match(installed, { status: 0, stderr: '' })
  t.match(installed.stdout, /found by the running agent's answer/)
  t.match(installed.stdout, `write ${PLUGINS}/tcp_resets.plugin (755)`)
  t.match(installed.stdout, 'write /var/db/netdata-tcp-resets/manifest.json')
  t.match(installed.stdout, /Data and alarms are there/, 'it has waited for them')

  const well = run('doctor')
  t.match(well, { status: 0, stdout: /\n0 wrong, 0 not checked/ })
  for (const line of [
    /good +netdata .*process \d+, user netdata; plugins in \/usr\/local\/libexec/,
    /good +boot +netdata_enable is YES in rc\.conf/,
    /good +release +kernel and programs are of one release \(uname -K: 1401000, uname -U: 1401000\)/,
    /good +node .*as netdata with the agent's PATH/,
    /good +running +process \d+ is \/usr\/local\/libexec/,
    /good +data .*has values of received,/,
    /note +overflow +net\.inet\.tcp\.syncache\.rst_on_sock_fail is 1: a full accept queue resets new connections/,
    /note +sent +FreeBSD counts resets sent only in part.*\n +→ .*dtrace -n 'tcp:::send /,
  ]) {
    t.match(well.stdout, line)
  }

  const plugin = (): string => sandbox.must(`pgrep -f 'node .*${PLUGINS}/tcp_resets[.]plugin'`).trim()
  const first = plugin()
  t.match(run('install'), { status: 0 })
  t.not(plugin(), first, 'an upgrade ends the old plugin, and has waited for the data of the new one')

  const finds = async (broken: string, line: RegExp): Promise<void> => {
    sandbox.must(broken)
    let { stdout } = run('doctor')
    for (let tries = 0; !line.test(stdout) && tries < 20; tries++) stdout = run('doctor').stdout
    t.match(stdout, line, broken)
  }
  await finds('echo NO >/opt/freebsd/enabled', /note +boot .*is NO .*\n +→ sysrc netdata_enable=YES/)
  await finds(
    'chmod 777 /usr/local/sbin',
    /wrong +netdata .*is not believed: process \d+ does not run a netdata that only root can change/,
  )
  sandbox.must('chmod 755 /usr/local/sbin; echo YES >/opt/freebsd/enabled')
  await finds(
    'echo 1302001 >/opt/freebsd/userland',
    /wrong +release +the kernel is of FreeBSD 14 .*netstat of FreeBSD 13 .*\n +→ bring .* then restart Netdata/,
  )
  await finds('echo >/opt/freebsd/userland', /unknown +release +uname -K and uname -U do not say/)
  sandbox.must('echo 1401000 >/opt/freebsd/userland')
  await finds(
    `kill -KILL ${plugin()}`,
    new RegExp(`wrong +running +no process of the agent runs ${PLUGINS}/tcp_resets.plugin`),
  )
  await sandbox.stopNetdata()
  await finds(':', /wrong +netdata +nothing answers at .*\n +→ start it/)
  t.match(run('doctor').stdout, /good +node .*as netdata with the usual PATH of a service, \/usr\/local\//)

  sandbox.must(START)
  await sandbox.until('Netdata answers', answers)
  t.match(run('uninstall'), { status: 0, stderr: '' })
  t.equal(sandbox.changes(), before, 'nothing is left')
  await sandbox.until(
    'the agent has given the plugin and its alarms up',
    `! pgrep -f '${PLUGINS}/tcp_resets[.]plugin' && ! curl -s 'http://127.0.0.1:19999/api/v1/alarms?all' | grep -q 5m_ipv4_tcp_resets`,
    40,
  )
})
