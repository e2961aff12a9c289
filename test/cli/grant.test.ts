import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dist } from '../../scripts/build'
import { command, noSandbox, openSandbox } from './sandbox'

const TRACED = 'mount -t tracefs tracefs /mnt && test -d /mnt/events/tcp/tcp_send_reset'
const skip =
  (!existsSync(join(dist, 'bin', 'tcp-resets-grant')) && 'this build has no tracing grant') ||
  noSandbox ||
  (spawnSync('unshare', ['--mount', 'sh', '-c', TRACED]).status !== 0 &&
    'this kernel has no events of TCP resets')

t.test(
  'install gives the tracing grant where it is asked to, and uninstall takes it back',
  { skip },
  async t => {
    const sandbox = await openSandbox(t)
    await sandbox.startNetdata()
    const before = sandbox.changes()
    // Trace instances are the whole kernel's, so this one has a name of its own.
    const instance = `tcp_resets_install_${process.pid}`
    const run = (words: string) => sandbox.sh(`TCP_RESETS_INSTANCE=${instance} '${command}' ${words}`)
    t.teardown(() => sandbox.sh(`TCP_RESETS_INSTANCE=${instance} /usr/local/sbin/tcp-resets-grant revoke`))

    t.match(run('install --tracing'), { status: 0, stdout: /Tracing is granted \(until-boot\)/ })
    const asNetdata = (test: string) =>
      sandbox.sh(
        `setpriv --reuid netdata --regid netdata --init-groups ${test} /run/netdata-tcp-resets/sent/trace_pipe`,
      )
    t.equal(asNetdata('test -r').status, 0, 'the agent can read it')
    t.not(asNetdata('test -w').status, 0, 'and not write')
    t.match(run('install --no-tracing'), { status: 0, stdout: /remove \/usr\/local\/sbin\/tcp-resets-grant/ })
    t.not(sandbox.sh('ls /run/netdata-tcp-resets').status, 0, 'taken back when it is no longer wanted')
    t.match(run('install --tracing'), { status: 0 })
    t.match(run('uninstall'), { status: 0, stderr: '' })
    t.not(sandbox.sh('ls /run/netdata-tcp-resets').status, 0, 'taken back')
    t.equal(sandbox.changes(), before, 'no file is left')
  },
)

t.test(
  'the group is that of whom the agent’s configuration names, where root wrote it',
  { skip },
  async t => {
    const sandbox = await openSandbox(t)
    const env = `TCP_RESETS_INSTANCE=tcp_resets_group_${process.pid}`
    sandbox.must('groupadd watchers; useradd --system --gid watchers metrics')
    sandbox.must("sed -i 's/run as user = .*/run as user = metrics/' /etc/netdata/netdata.conf")
    const script = join(dist, 'bin', 'tcp-resets-grant')
    for (const program of [script, command]) {
      const groups = ['root:root 644', 'root:root 664', 'netdata:netdata 644'].map(rights => {
        const [owner, mode] = rights.split(' ')
        sandbox.must(`chown ${owner} /etc/netdata/netdata.conf; chmod ${mode} /etc/netdata/netdata.conf`)
        sandbox.must(`${env} ${program} grant`)
        const group = sandbox.must('stat -c %G /run/netdata-tcp-resets/sent').trim()
        sandbox.must(`${env} ${program} revoke`)
        return group
      })
      t.strictSame(groups, ['watchers', 'netdata', 'netdata'], program)
    }
  },
)
