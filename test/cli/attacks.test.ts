import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { lock } from '../../cli/install/lock'
import { parseJournal } from '../../cli/install/transaction'
import { refuseOthers } from '../../cli/install/whose'
import { command, noSandbox, openSandbox, REMOVE_NODE } from './sandbox'

// What a local user can do to root. The users are real, and so are the namespaces; all of it is in a sandbox.

const STATE = '/var/lib/netdata-tcp-resets'
const WEB = '/usr/share/netdata/web'
const NOBODY = 'setpriv --reuid 65534 --regid 65534 --clear-groups'
const NETDATA = 'setpriv --reuid netdata --regid netdata --init-groups'

t.test('a user in namespaces of its own, with a netdata of its own', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  const theirs = '/var/tmp/theirs'
  const keys = ['config', 'stock config', 'web', 'lib', 'plugins']
  const lie = ['[directories]', ...keys.map(key => ` ${key} = ${theirs}`), ''].join('\\n')
  const journal = { pid: 1, committed: false, steps: [{ path: '/etc/victim', existed: false }], made: [] }
  sandbox.must(`echo precious >/etc/victim; mkdir -m 777 ${theirs} ${theirs}-tcp-resets /var/tmp/x
    echo '${JSON.stringify(journal)}' >${theirs}-tcp-resets/journal.json
    touch /var/tmp/x/netdata; chmod 666 /var/tmp/x/netdata`)
  const serve = `http.createServer((_, answer) => answer.end("${lie}")).listen(19999, "127.0.0.1")`
  sandbox.must(`${NOBODY} unshare --user --map-root-user --mount sh -c '
    mount --bind "$(readlink -f "$(command -v node)")" /var/tmp/x/netdata && exec /var/tmp/x/netdata -e "$0"' '${serve}' >/dev/null 2>&1 &`)
  await sandbox.until('the stranger answers', 'curl -sf http://127.0.0.1:19999/netdata.conf')
  t.match(sandbox.run('install'), { status: 0, stdout: /^Netdata: found by its files below \/\n/ })
  t.match(sandbox.run('reload'), {
    status: 1,
    stderr:
      /no Netdata of this machine answers at \S+: process \d+ does not run a netdata that only root can change/,
  })
  t.match(sandbox.run('uninstall'), { status: 0 })
  t.equal(sandbox.must('cat /etc/victim'), 'precious\n')
  t.equal(sandbox.must(`ls ${theirs}`), '')
})

t.test('the very netdata, run by somebody else, or told to lie', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  const start = async (who: string, directories: string): Promise<void> => {
    sandbox.must(`rm -rf /var/tmp/own; mkdir -m 777 /var/tmp/own; cat >/var/tmp/own/netdata.conf <<'END'
[directories]
 log = /var/tmp/own
 cache = /var/tmp/own
 lib = /var/tmp/own
 ${directories}
[web]
 bind to = 127.0.0.1
END
      HOME=/var/tmp/own ${who} netdata -c /var/tmp/own/netdata.conf >/dev/null 2>&1`)
    await sandbox.until('it answers', 'curl -sf http://127.0.0.1:19999/netdata.conf')
  }
  const end = async (): Promise<void> => {
    sandbox.must('pkill -x netdata') // in the sandbox there is no other
    await sandbox.until('it has ended', '! curl -sf http://127.0.0.1:19999/netdata.conf')
  }
  const says = (doubt: RegExp) => ({
    status: 0,
    stdout: new RegExp(
      `^Netdata: found by its files below /\nWhat answers at \\S+ is not believed: ${doubt.source}`,
    ),
  })
  await start(NOBODY, '')
  t.match(
    sandbox.run('install', '--dry-run'),
    says(/process \d+ runs as user 65534, not as netdata or as the service netdata\n/),
    'it would have got the grant for its own group',
  )
  await end()
  // The user netdata may have been taken over by whoever broke into a plugin.
  sandbox.must('mkdir -p /etc/apt/apt.conf.d')
  await start(NETDATA, 'stock config = /etc/apt/apt.conf.d')
  t.match(
    sandbox.run('install', '--dry-run'),
    says(/it says \/etc\/apt\/apt\.conf\.d, which leads through no/),
  )
  await end()
  await start(NETDATA, 'web = /usr/share/netdata/../../../etc')
  t.match(sandbox.run('install', '--dry-run'), says(/it says \/etc, which leads through no/))
})

t.test(
  'another one on the same port, while the agent is on another address',
  { skip: noSandbox },
  async t => {
    const sandbox = await openSandbox(t)
    await sandbox.startNetdata()
    sandbox.must(`ip addr add 127.0.0.2/8 dev lo 2>/dev/null || :
    ${NOBODY} '${process.execPath}' -e 'http.createServer((_, answer) => answer.end("x")).listen(19999, "127.0.0.2")' >/dev/null 2>&1 &`)
    await sandbox.until('the stranger answers', 'curl -sf http://127.0.0.2:19999/')
    t.match(
      sandbox.sh(`'${command}' doctor --url http://127.0.0.2:19999`).stdout,
      /wrong +netdata +what answers at \S+ is not believed: process/,
    )
    t.match(sandbox.run('install'), { status: 0, stdout: /found by the running agent's answer/ })
  },
)

t.test('the web directory is netdata’s, and netdata is not a friend', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  const quick = (words: string) => sandbox.sh(`timeout 20 '${command}' ${words}`)
  sandbox.must(
    `cp -rL ${WEB} ${WEB}.copy; rm -r ${WEB}; mv ${WEB}.copy ${WEB}; chown -R netdata:netdata ${WEB}`,
  )
  t.match(quick('install'), { status: 0 })
  t.equal(
    sandbox.must(`stat -c %U:%G ${WEB}/guides ${WEB}/guides/tcp/index.html`),
    'netdata:netdata\nnetdata:netdata\n',
    'what is in it is written as netdata',
  )
  sandbox.must(`chown root:root ${WEB}/guides/tcp/index.html`)
  t.match(quick('install'), { status: 0 }, 'a file of root’s in it is no hindrance')
  t.equal(sandbox.must(`stat -c %U ${WEB}/guides/tcp/index.html`), 'netdata\n')
  t.match(quick('uninstall'), { status: 0 })

  sandbox.must(`mkdir /etc/secret; ${NETDATA} ln -s /etc/secret ${WEB}/guides`)
  t.match(quick('install'), {
    status: 1,
    stderr: /web\/guides: a link of user \d+, and root follows none: remove it/,
  })
  t.equal(sandbox.must('ls /etc/secret'), '', 'nothing has landed in its target')
  sandbox.must(`rm ${WEB}/guides`)

  sandbox.must(`rm ${WEB}/index.html; ${NETDATA} mkfifo ${WEB}/index.html
    ${NETDATA} mkdir -p ${WEB}/guides/tcp; ${NETDATA} mkfifo ${WEB}/guides/tcp/index.html`)
  for (const words of ['install --dry-run', 'install', 'uninstall --dry-run', 'uninstall', 'doctor'])
    t.not(quick(words).status, 124, `${words}: no pipe is waited for`)
})

t.test('netdata moves its web directory about while root works in it', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  sandbox.must(`cp -rL ${WEB} ${WEB}.copy; rm -r ${WEB}; mv ${WEB}.copy ${WEB}; chown -R netdata:netdata ${WEB}
    echo precious >/etc/index.html; mkdir /etc/tcp; echo precious >/etc/tcp/index.html`)
  const etc = () => sandbox.must("find /etc ! -type d -printf '%p %u %m %s %l\\n' | sort")
  const before = etc()
  sandbox.must(`cd ${WEB}; ${NETDATA} sh -c 'mkdir -p guides/tcp; while :; do
      mv guides away; ln -s /etc guides; rm guides; mv away guides
      for end in new old; do ln -sf /etc/shadow guides/tcp/index.html.tcp-resets-$end; done
    done' >/dev/null 2>&1 & echo $! >/run/mover`)
  const said: string[] = []
  const hasMet = () => said.some(text => text.includes('root follows none'))
  for (let round = 0; round < 4 || (round < 40 && !hasMet()); round++)
    for (const word of ['install', 'uninstall']) said.push(sandbox.run(word, '--into', '/').stderr)
  sandbox.must('kill $(cat /run/mover)')
  t.ok(hasMet(), 'it did meet the links')
  t.strictSame(
    said.filter(text => text.trim().includes('\n')),
    [],
    'each refusal is a line',
  )
  sandbox.must(`rm -rf ${WEB}/guides ${WEB}/away`)
  t.equal(sandbox.run('install', '--into', '/').status, 0, 'and all of it can be mended')
  t.equal(sandbox.run('uninstall', '--into', '/').status, 0)
  t.equal(etc(), before, 'nothing of root’s was touched')
})

t.test('a Node that somebody else can change', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  const theirs = '/opt/node/bin/node'
  sandbox.must(
    `mkdir -p /opt/node/bin; cp ${process.execPath} ${theirs}; chown -R nobody /opt/node; ${REMOVE_NODE}`,
  )
  t.match(sandbox.sh(`PATH=/opt/node/bin:$PATH '${command}' install`), {
    status: 0,
    stdout: /It is a copy, because others can change \/opt\/node\/bin\/node/,
  })
  sandbox.must(`${NOBODY} sh -c 'printf "#!/bin/sh\\nid >/run/was-run\\n" >${theirs}'`)
  t.match(sandbox.must('tcp-resets --version'), /^\d/)
  t.not(sandbox.sh('ls /run/was-run').status, 0, 'root does not run what it was changed into')
})

t.test('root’s directories that others may write', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  const before = sandbox.changes()
  sandbox.must('chmod 777 /etc/netdata')
  t.match(sandbox.run('install'), { status: 1, stderr: /\/etc\/netdata: others may write there/ })
  sandbox.must(
    'chmod 755 /etc/netdata; mkdir -m 755 /var/lib/netdata-tcp-resets; chown nobody /var/lib/netdata-tcp-resets',
  )
  t.match(sandbox.run('install'), { status: 1, stderr: /leads through a directory of user 65534/ })
  sandbox.must('rmdir /var/lib/netdata-tcp-resets')
  t.equal(sandbox.changes(), before, 'nothing was changed')
  sandbox.must(`chmod g+w /etc/netdata`)
  t.match(
    sandbox.run('install'),
    { status: 1, stderr: /\/etc\/netdata: others may write there/ },
    'an access list shows so',
  )
  sandbox.must(`chmod 755 /etc/netdata; mv /etc/netdata /etc/netdata.real; mkdir -m 755 /var/ann; chown nobody /var/ann
    ${NOBODY} ln -s /etc/netdata.real /var/ann/netdata; ln -s /var/ann/netdata /etc/netdata`)
  t.match(
    sandbox.run('install'),
    { status: 1, stderr: /\/var\/ann\/netdata: a link of user 65534, and root follows none: remove it/ },
    'a link of root’s to a link of somebody else’s',
  )
})

t.test('damage, each told with what to do', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  sandbox.must(`mkdir -p ${STATE}`)
  for (const [damage, says] of [
    [`echo '{"committed":false' >${STATE}/journal.json`, /journal\.json: it is damaged: remove it/],
    [`echo '{"committed":false}' >${STATE}/journal.json`, /journal\.json: it is damaged: remove it/],
    [`ln -s /etc/passwd ${STATE}/journal.json`, /journal\.json: expected a file, found a link: remove it/],
    [`mkfifo ${STATE}/journal.json`, /journal\.json: expected a file, found a pipe: remove it/],
    [`echo '{}' >${STATE}/journal.json; chown nobody ${STATE}/journal.json`, /it belongs to user 65534/],
  ] as const) {
    sandbox.must(damage)
    t.match(sandbox.sh(`timeout 20 '${command}' install`), { status: 1, stderr: says }, damage)
    t.match(sandbox.sh(`timeout 20 '${command}' uninstall`), { status: 1, stderr: says }, damage)
    sandbox.must(`rm ${STATE}/journal.json`)
  }
  for (const [damage, says] of [
    ['echo {} >', /manifest\.json: it is damaged: remove it/],
    ['ln -s /etc/passwd ', /manifest\.json: expected a file, found a link: remove it/],
    ['mkdir ', /manifest\.json: expected a file, found a directory: remove it/],
  ] as const) {
    sandbox.must(`${damage}${STATE}/manifest.json`)
    t.match(sandbox.sh(`timeout 20 '${command}' install`), { status: 1, stderr: says }, damage)
    t.match(sandbox.sh(`timeout 20 '${command}' doctor`).stdout, says, damage)
    sandbox.must(`rm -r ${STATE}/manifest.json`)
  }
  // Its holder was killed, and somebody else has its process id.
  sandbox.must(`echo '1 12345' >${STATE}/lock`)
  t.match(sandbox.run('install'), { status: 0 }, 'a lock that nobody holds any longer is taken over')
})

t.test('what the package’s scripts kill', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  const postrm = join(__dirname, '../../packaging/debian/postrm')
  const plugin = '/usr/lib/netdata/plugins.d/tcp_resets.plugin'
  sandbox.must(`echo -1 >/run/netdata.pid
    sh -c 'exec tail -f /dev/null -- ${plugin}' >/dev/null 2>&1 & echo $! >/run/bystander`)
  sandbox.must(`sh '${postrm}' remove; sh '${postrm}' purge; kill -0 "$(cat /run/bystander)"`)
  t.pass('a bystander is alive')
})

const notRoot = process.getuid?.() !== 0 && 'needs root'
t.test('in a directory like /tmp only what is there is safe', { skip: notRoot }, async t => {
  const shared = t.testdir({})
  const dir = join(shared, 'root/usr')
  chmodSync(shared, 0o1777)
  t.throws(() => refuseOthers(dir), /others may write there, .*: take a directory of root’s/)
  mkdirSync(dirname(dir))
  t.doesNotThrow(() => refuseOthers(dir))
  chownSync(dirname(dir), 65534, 65534)
  t.throws(() => refuseOthers(dir), /leads through a directory of user 65534/)
  chmodSync(shared, 0o777)
  t.throws(() => refuseOthers(dir), /others may write there, .*: chmod go-w /)
})

t.test('one lock at a time', async t => {
  const state = join(t.testdir({}), 'state')
  const held = lock(state)
  t.throws(() => lock(state), /another tcp-resets is running \(process \d+\): wait/)
  held.release()
  lock(state).release()
})

t.test('a journal is what a run writes, or nothing', async t => {
  for (const text of [
    '',
    'null',
    '[]',
    '{"committed":1,"steps":[],"made":[]}',
    '{"committed":true,"steps":{},"made":[]}',
  ])
    t.equal(parseJournal(text), undefined, text)
  const step = (path: string) =>
    JSON.stringify({ committed: false, steps: [{ path, existed: true }], made: [] })
  t.equal(parseJournal(step('/a/../b')), undefined)
  t.equal(parseJournal(step('b')), undefined)
  t.match(parseJournal(step('/a/b')), { committed: false })
})
