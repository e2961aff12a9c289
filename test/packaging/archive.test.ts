import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { version } from '../../package.json'
import { dist, root } from '../../scripts/build'
import { type OwnNode, ownNode } from '../../scripts/own-node'
import { noSandbox, openSandbox, REMOVE_NODE } from '../cli/sandbox'

// The archive that brings its own Node, on a machine that has none.

function ifAny(arch: 'x64' | 'arm64'): OwnNode | undefined {
  try {
    return ownNode(arch)
  } catch {
    return undefined
  }
}

const own = ifAny('x64')
const others = ifAny('arm64')
const NOT_HERE = 'the npm registry has no such Node, or could not be reached'
const isX64 = process.arch === 'x64' && process.platform === 'linux'
const skip = (own === undefined && NOT_HERE) || (!isX64 && 'needs Linux on x64')

const made = t.testdir({ one: {}, two: {} })

/** Makes the archive in surroundings of its own. */
async function make(folder: string, umask: string, TZ: string): Promise<string> {
  const script = `import { archive } from '${join(root, 'scripts', 'archive')}'
    console.log(archive({ dist: '${dist}', version: '${version}', arch: 'x64', into: '${folder}' }))`
  writeFileSync(join(folder, 'make.ts'), script)
  const tsx = join(root, 'node_modules', '.bin', 'tsx')
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', `umask ${umask}; exec '${tsx}' '${join(folder, 'make.ts')}'`],
    { env: { ...process.env, TZ, SOURCE_DATE_EPOCH: '1700000000' } },
  )
  return stdout.trim()
}

t.test('the same sources make the same archive, and it is whole', { skip }, async t => {
  const [one = '', two = ''] = await Promise.all([
    make(join(made, 'one'), '022', 'UTC'),
    make(join(made, 'two'), '077', 'Asia/Kathmandu'),
  ])
  const sum = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
  t.equal(sum(two), sum(one))
  t.ok(statSync(one).size < 45e6, 'of a size that can be told: docs/measured.md does')

  execFileSync('tar', ['-xzf', one, '-C', made])
  const tree = join(made, `netdata-tcp-resets_${version}_linux-x64`)
  t.match(spawnSync('sha256sum', ['--strict', '--quiet', '-c', 'SHA256SUMS'], { cwd: tree }), { status: 0 })
  const licences = readFileSync(join(tree, 'THIRD-PARTY-LICENSES'), 'utf8')
  t.match(licences, /^Node\.js 24\.\d+\.\d+ \(MIT, and those of its parts\)$/m)
  t.match(licences, /OpenSSL/, 'with those of what is in Node')
  const { stdout } = spawnSync(join(tree, 'bin', 'tcp-resets'), ['--version'], {
    encoding: 'utf8',
    env: { PATH: '/nowhere' },
  })
  t.equal(stdout, `${version}\n`, 'the command needs no other Node')

  const half = join(made, 'half.tar.gz')
  copyFileSync(one, half)
  truncateSync(half, Math.floor(statSync(one).size / 2))
  const cut = join(made, 'cut')
  mkdirSync(cut)
  t.not(spawnSync('tar', ['-xzf', half, '-C', cut]).status, 0, 'half a download does not unpack')
  t.notOk(
    statSync(join(cut, `netdata-tcp-resets_${version}_linux-x64`, 'bin'), { throwIfNoEntry: false }),
    'and has no command that could be run',
  )
})

t.test('from nothing to nothing, without any other Node', { skip: skip || noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  const tree = `/opt/netdata-tcp-resets_${version}_linux-x64`
  sandbox.must(`${REMOVE_NODE}; cp -r '${join(made, `netdata-tcp-resets_${version}_linux-x64`)}' /opt/`)
  await sandbox.startNetdata()
  const before = sandbox.changes()
  const run = (...words: string[]) => sandbox.sh([`${tree}/bin/tcp-resets`, ...words].join(' '))

  sandbox.must(`cp ${tree}/web/guides/tcp/index.html /tmp/; echo >>${tree}/web/guides/tcp/index.html`)
  t.match(run('install'), {
    status: 1,
    stdout: '',
    stderr: /has changed since it was packed \(web\/guides\/tcp\/index\.html\): get the archive again/,
  })
  sandbox.must(`cp /tmp/index.html ${tree}/web/guides/tcp/`)

  const installed = run('install')
  t.match(installed, { status: 0, stderr: '' })
  t.match(installed.stdout, /^Node: v24\S+, which came with this, as \S+\/tcp_resets\.plugin\.node$/m)
  t.match(installed.stdout, /^Data and alarms are there\.$/m)
  sandbox.must('curl -sSf http://127.0.0.1:19999/guides/tcp/index.html')
  t.match(run('doctor'), { status: 0, stdout: /^good +node +v24\S+ at \S+plugin\.node, as netdata/m })
  sandbox.must("pgrep -f '^/usr/lib/netdata/plugins.d/tcp_resets.plugin.node '")

  t.match(run('install'), { status: 0 }, 'an upgrade')
  sandbox.must('pgrep -f tcp_resets.plugin.node')
  t.match(sandbox.sh(`mv ${tree} ${tree}.away; tcp-resets install`), {
    status: 0,
    stdout: /^Node: v24\S+, which is there already/m,
  })
  sandbox.must('pgrep -f tcp_resets.plugin.node')
  t.match(sandbox.sh('tcp-resets uninstall'), { status: 0, stderr: '' })
  sandbox.must(`mv ${tree}.away ${tree}`)
  t.equal(sandbox.changes(), before, 'no file is left')
})

/** The plugin as it is after an installation, in a place of its own, with a Node that does not run here. */
function pluginWith(dir: string, node: Buffer): string {
  copyFileSync(join(dist, 'plugins.d', 'tcp_resets.plugin'), join(dir, 'tcp_resets.plugin'))
  writeFileSync(join(dir, 'tcp_resets.plugin.node'), node, { mode: 0o755 })
  return join(dir, 'tcp_resets.plugin')
}

const NEEDS = 'tcp_resets\\.plugin needs Node\\.js 18 or later, and \\S+\\.plugin\\.node does not run here: '

/** The real Node of the archive, changed in one way. */
const WRONG: Readonly<Record<string, { node: Buffer | undefined; says: RegExp }>> = {
  'for another processor': {
    node: others?.binary,
    says: new RegExp(`^${NEEDS}it is for another kind of processor, or cut short.*\n$`),
  },
  'cut short': {
    node: own?.binary.subarray(0, 4096),
    says: new RegExp(`^${NEEDS}.*cut short.*\n$`),
  },
  'for a newer glibc': {
    node: own && withText(own.binary, 'GLIBC_2.28', 'GLIBC_9.28'),
    says: new RegExp(`^${NEEDS}it needs a newer glibc than this system's.*\n$`),
  },
}

/** A program with another text in it, of the same length. */
function withText(program: Buffer, from: string, to: string): Buffer {
  const changed = Buffer.from(program)
  for (let at = changed.indexOf(from); at >= 0; at = changed.indexOf(from, at)) changed.write(to, at)
  return changed
}

for (const [name, { node, says }] of Object.entries(WRONG)) {
  t.test(`a Node ${name}`, { skip: skip || (node === undefined && NOT_HERE) }, async t => {
    const plugin = pluginWith(t.testdir({}), node as Buffer)
    for (const shell of ['/bin/dash', '/bin/bash', '/bin/busybox'].filter(path =>
      statSync(path, { throwIfNoEntry: false }),
    )) {
      const words = shell.endsWith('busybox') ? ['sh', plugin, '1'] : [plugin, '1']
      t.match(
        spawnSync(shell, words, { encoding: 'utf8', env: { PATH: '/nowhere' } }),
        {
          status: 1,
          stdout: 'DISABLE\n',
          stderr: says,
        },
        shell,
      )
    }
    t.equal(
      spawnSync(plugin, ['--version'], { encoding: 'utf8' }).stdout,
      `${version}\n`,
      'where there is another one on PATH, that is taken',
    )
  })
}

const busybox = statSync('/bin/busybox', { throwIfNoEntry: false })
const isRoot = process.getuid?.() === 0
const noMusl = (!busybox && 'needs a static busybox') || (!isRoot && 'needs root for chroot')
t.test('a system with musl', { skip: skip || noMusl }, async t => {
  const plugin = pluginWith(t.testdir({}), (own as OwnNode).binary)
  const alpine = join(plugin, '..')
  mkdirSync(join(alpine, 'bin'))
  mkdirSync(join(alpine, 'lib'))
  copyFileSync('/bin/busybox', join(alpine, 'bin', 'busybox'))
  symlinkSync('busybox', join(alpine, 'bin', 'sh'))
  // musl's own loader is not needed to see that it is one: what is missing is that of glibc.
  writeFileSync(join(alpine, 'lib', 'ld-musl-x86_64.so.1'), '')
  t.match(spawnSync('chroot', [alpine, '/tcp_resets.plugin', '1'], { encoding: 'utf8' }), {
    status: 1,
    stdout: 'DISABLE\n',
    stderr: /does not run here: this system has musl, .* Install the system's own \(apk add nodejs\)\n$/,
  })
})
