import t from 'tap'
import { version } from '../../package.json'
import { archive } from '../../scripts/archive'
import { dist } from '../../scripts/build'
import { ownNode } from '../../scripts/own-node'
import { noSandbox, openSandbox, REMOVE_NODE } from '../cli/sandbox'

// The archive on machines where Netdata is not where Debian has it, and where there is no Node. The agent is that of the
// distribution, moved there: Netdata's static build and its RPM are not to be had here.

const PLACES = {
  'the static build, all below /opt/netdata': {
    program: '/opt/netdata/bin/srv/netdata',
    plugins: '/opt/netdata/usr/libexec/netdata/plugins.d',
    stockConf: '/opt/netdata/usr/lib/netdata/conf.d',
    userConf: '/opt/netdata/etc/netdata',
    web: '/opt/netdata/usr/share/netdata/web',
  },
  'an RPM': {
    program: '/usr/sbin/netdata',
    plugins: '/usr/libexec/netdata/plugins.d',
    stockConf: '/usr/lib64/netdata/conf.d',
    userConf: '/etc/netdata',
    web: '/usr/share/netdata/web',
  },
} as const

function packed(into: string): string | undefined {
  try {
    ownNode('x64')
  } catch {
    return undefined
  }
  return archive({ dist, version, arch: 'x64', into })
}

const isX64 = process.arch === 'x64' && process.platform === 'linux'
const file = isX64 ? packed(t.testdir({})) : undefined
const skip =
  (!isX64 && 'needs Linux on x64') ||
  noSandbox ||
  (file === undefined && 'the npm registry has no such Node, or could not be reached')

for (const [name, { program, plugins, stockConf, userConf, web }] of Object.entries(PLACES)) {
  t.test(name, { skip }, async t => {
    const sandbox = await openSandbox(t)
    const tcpResets = `/opt/unpacked/netdata-tcp-resets_${version}_linux-x64/bin/tcp-resets`
    const move = (from: string, to: string): string =>
      from === to ? '' : `mkdir -p "$(dirname ${to})"; cp -aL ${from} ${to}; rm -r ${from}\n`
    sandbox.must(`set -e; mkdir -p /opt/unpacked; tar -xzf '${file}' -C /opt/unpacked; chown -R root:root /opt/unpacked
      ${REMOVE_NODE}
      ${move('/usr/lib/netdata/plugins.d', plugins)}${move('/usr/lib/netdata/conf.d', stockConf)}
      ${move('/usr/share/netdata/web', web)}${move('/etc/netdata', userConf)}${move('/usr/sbin/netdata', program)}
      cat >${userConf}/netdata.conf <<END
[global]
 run as user = netdata
[directories]
 plugins = "${plugins}" "${userConf}/custom-plugins.d"
 stock config = ${stockConf}
 config = ${userConf}
 web = ${web}
[web]
 bind to = 127.0.0.1
[plugins]
 check for new plugins every = 2
[health]
 run at least every seconds = 1
END`)
    const changes = (): string =>
      sandbox.must('find /opt /usr /etc /var/lib -path "*tcp?resets*" ! -path "/opt/unpacked*"')
    const before = changes()
    t.match(
      sandbox.sh(`${tcpResets} install`),
      { status: 0, stdout: /found by its files below/ },
      'before it is started',
    )
    sandbox.must(`${program} -c ${userConf}/netdata.conf -P /run/netdata.pid`)
    await sandbox.until('the doctor is content', `${tcpResets} doctor`)
    const upgraded = sandbox.sh(`${tcpResets} install`)
    t.match(upgraded, { status: 0, stderr: '', stdout: /found by the running agent's answer/ })
    t.match(upgraded.stdout, /Data and alarms are there/)
    sandbox.must('curl -sSf http://127.0.0.1:19999/guides/tcp/index.html')
    sandbox.must(`pgrep -f '^${plugins}/tcp_resets.plugin.node '`)
    t.match(sandbox.sh(`${tcpResets} uninstall`), { status: 0, stderr: '' })
    t.equal(changes(), before, 'no file is left')
  })
}
