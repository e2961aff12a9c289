import { join } from 'node:path'
import t from 'tap'
import { nodeFolder } from '../../scripts/node-binaries'
import { command, noSandbox, openSandbox, REMOVE_NODE, type Sandbox } from './sandbox'

// Machines on which an installation is hard: no Node where the agent looks, no room, nothing to write on.

const PLUGIN = '/usr/lib/netdata/plugins.d/tcp_resets.plugin'

t.test(
  'the only Node is a version manager’s, in a home that is nobody else’s',
  { skip: noSandbox },
  async t => {
    const sandbox = await openSandbox(t)
    const own = '/var/home/ann/.nvm/versions/node/bin'
    sandbox.must(
      `mkdir -p ${own}; cp ${process.execPath} ${own}/node; chmod 700 /var/home/ann; ${REMOVE_NODE}`,
    )
    await sandbox.startNetdata()
    const before = sandbox.changes()
    const cli = (word: string) => sandbox.sh(`PATH=${own}:$PATH '${command}' ${word}`)
    const installed = cli('install')
    t.match(installed, { status: 0, stdout: /It is a copy, because netdata can't run \/var\/home\/ann/ })
    t.match(cli('doctor'), {
      status: 0,
      stdout: new RegExp(`good +node +${process.version} at ${PLUGIN}\\.node, as netdata`),
    })
    t.match(sandbox.must('tcp-resets --version'), /^\d/, 'the command starts by itself too')
    t.match(sandbox.sh('tcp-resets install'), { status: 0, stdout: /which is there already/ })
    t.match(sandbox.must(`env -i PATH=/nowhere ${PLUGIN} --version`), /^\d/)
    t.match(sandbox.sh('tcp-resets uninstall'), { status: 0 })
    t.equal(sandbox.changes(), before, 'nothing is left')
  },
)

t.test('a Node that the agent’s user can run, and that is not on its PATH', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  sandbox.must(`mkdir -p /opt/node; cp ${process.execPath} /opt/node/node; ${REMOVE_NODE}`)
  t.match(sandbox.sh(`PATH=/opt/node:$PATH '${command}' install`), {
    status: 0,
    stdout: new RegExp(
      `Node: ${process.version}, at /opt/node/node, named in ${PLUGIN}\\.node; on the PATH of the agent: none`,
    ),
  })
  t.equal(sandbox.must(`readlink ${PLUGIN}.node`), '/opt/node/node\n')
  t.match(
    sandbox.must(`env -i PATH=/usr/bin:/bin ${PLUGIN} --version`),
    /^\d/,
    'the plugin starts without a PATH that has it',
  )
})

const OLD = '16.20.2'
const old = nodeFolder(OLD)
const skipOld = noSandbox || (old === undefined && `the npm registry gave no Node ${OLD}`)
t.test(`Node ${OLD} on the agent’s PATH`, { skip: skipOld }, async t => {
  const sandbox = await openSandbox(t)
  sandbox.must(
    `mkdir -p /opt/node; cp ${process.execPath} /opt/node/node; ${REMOVE_NODE}; cp ${join(`${old}`, 'node')} /usr/bin/node`,
  )
  t.match(sandbox.run('install'), {
    status: 1,
    stderr: new RegExp(`^tcp-resets needs Node.js 18 or later, and \\S+ is ${OLD}\\n$`),
  })
  t.match(sandbox.sh(`PATH=/opt/node:$PATH '${command}' install`), {
    status: 0,
    stdout: new RegExp(`named in ${PLUGIN}\\.node; on the PATH of the agent: v${OLD} at /usr/bin/node`),
  })
})

t.test('no Node at all', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  sandbox.must(REMOVE_NODE)
  t.match(sandbox.run('install'), {
    status: 1,
    stdout: '',
    stderr: /needs Node\.js 18 or later, and there is no node or nodejs/,
  })
})

const FAULTS: Readonly<Record<string, { make: string; says: RegExp; mend: string }>> = {
  'a read-only /usr': {
    make: 'mount -o remount,ro /usr',
    says: /EROFS: read-only file system.*No file was changed/s,
    mend: 'mount -o remount,rw /usr',
  },
  'a full disk, noticed half way': {
    make: 'mkdir /usr/share/netdata/web/guides; mount -t tmpfs -o size=40k,mode=755 tmpfs /usr/share/netdata/web/guides',
    says: /ENOSPC: no space left on device.*No file was changed/s,
    mend: 'umount /usr/share/netdata/web/guides; rmdir /usr/share/netdata/web/guides',
  },
  'a user who is not root': {
    make: ':',
    says: /EACCES: permission denied.*Nothing was changed/s,
    mend: ':',
  },
}

for (const [name, { make, says, mend }] of Object.entries(FAULTS)) {
  t.test(name, { skip: noSandbox }, async t => {
    const sandbox = await openSandbox(t)
    const run = (word: string): ReturnType<Sandbox['run']> =>
      name.includes('not root')
        ? sandbox.sh(`setpriv --reuid 65534 --regid 65534 --clear-groups '${command}' ${word}`)
        : sandbox.run(word)
    const before = sandbox.changes()
    sandbox.must(make)
    t.match(run('install'), { status: 1, stderr: says })
    sandbox.must(mend)
    t.equal(sandbox.changes(), before, 'nothing was changed')
    t.match(sandbox.run('install'), { status: 0 }, 'and once that is mended it works')
  })
}
