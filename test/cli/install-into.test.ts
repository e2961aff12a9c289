import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { command } from './sandbox'
import { DEBIAN, plant, treeOf } from './tree'

// `--into`: the files of a container, from outside of it. test/packaging/container.test.ts starts agents with them.

const run = (...words: string[]) => spawnSync(command, words, { encoding: 'utf8' })

t.test('a layer: an empty directory, laid out as Netdata’s image', async t => {
  const into = t.testdir({})
  const installed = run('install', '--into', into)
  t.match(installed, { status: 0, stderr: '' })
  const files = [
    'usr/libexec/netdata/plugins.d/tcp_resets.plugin',
    'usr/lib/netdata/conf.d/tcp_resets.conf',
    'usr/lib/netdata/conf.d/health.d/tcp_resets.conf',
  ]
  for (const file of files) {
    t.ok(existsSync(join(into, file)), file)
    t.ok(installed.stdout.includes(`\n  -v ${into}/${file}:/${file}:ro\n`), 'with the mount for it')
  }
  t.ok(
    installed.stdout.includes(`-v ${into}/usr/share/netdata/web/guides:/usr/share/netdata/web/guides:ro\n`),
    'the guides are one mount',
  )
  t.match(installed.stdout, /COPY \S+\/ \/ /)
  t.match(installed.stdout, /\n {2}--network=host {2}\([^)]+\)\n/)
  t.match(installed.stdout, /Then restart the container/)
  t.match(run('install', '--into', into), { status: 0, stdout: /^Netdata: the layout of Netdata's image/ })
  t.match(run('uninstall', '--into', into), { status: 0, stderr: '' })
  t.strictSame(treeOf(into), {}, 'nothing is left')
})

t.test('what a container has as its /etc/netdata', async t => {
  const into = t.testdir({ 'netdata.conf': '', 'health.d': {}, 'custom-plugins.d': {} })
  const before = treeOf(into)
  const installed = run('install', '--into', into)
  t.match(installed, { status: 0, stderr: '' })
  for (const file of ['custom-plugins.d/tcp_resets.plugin', 'health.d/tcp_resets.conf'])
    t.ok(existsSync(join(into, file)), file)
  t.match(installed.stdout, /-v \S+\/netdata-tcp-resets\/web\/guides:\/usr\/share\/netdata\/web\/guides:ro/)

  writeFileSync(join(into, 'health.d/tcp_resets.conf'), 'mine\n')
  t.match(run('install', '--into', into), { status: 0, stdout: /is yours and stays as it is/ })
  t.match(run('uninstall', '--into', into), { status: 0, stderr: '' })
  t.strictSame(treeOf(into), { ...before, 'health.d/tcp_resets.conf': '644 mine\n' })
})

t.test('the root of a container', async t => {
  const into = t.testdir({})
  plant(into, DEBIAN)
  const before = treeOf(into)
  t.match(run('install', '--into', into), {
    status: 0,
    stderr: '',
    stdout: /It is in the container’s own files, and goes with them/,
  })
  t.equal(
    readFileSync(join(into, 'usr/local/bin/tcp-resets'), 'utf8'),
    '#!/bin/sh\nexec /usr/local/lib/netdata-tcp-resets/bin/tcp-resets "$@"\n',
    'the command in there has the paths of in there',
  )
  t.match(run('doctor', '--into', into, '--json'), { status: 0, stderr: '' })
  t.match(run('doctor', '--into', into, '--url', 'http://127.0.0.1:1'), {
    status: 2,
    stderr: /leave out --url/,
  })
  t.match(run('uninstall', '--into', into), { status: 0, stderr: '' })
  t.strictSame(treeOf(into), before)

  const list = join(into, 'var/lib/dpkg/info/netdata-tcp-resets.list')
  mkdirSync(join(list, '..'), { recursive: true })
  writeFileSync(list, '/.\n/usr/lib/netdata/plugins.d/tcp_resets.plugin\n')
  t.match(run('install', '--into', into), { status: 1, stderr: /belongs to the Debian package: use apt/ })
})

t.test('places that it refuses, each in a line', async t => {
  const into = t.testdir({ full: { of: { other: 'things' } }, file: '', outside: {}, root: {} })
  const root = join(into, 'root')
  plant(root, DEBIAN)
  symlinkSync(join(into, 'full'), join(into, 'link'))
  const refused = (dir: string, says: RegExp): void => {
    t.match(run('install', '--into', dir), { status: 1, stderr: says }, dir)
  }
  refused(join(into, 'full'), /^tcp-resets: no Netdata below .* neither empty nor a \/etc\/netdata\..*\n$/)
  refused(join(into, 'file'), /: it is no directory\n$/)
  refused(join(into, 'gone'), /: it is not there\n$/)
  refused(join(into, 'link'), /: it is a link: name \S+\/full\n$/)
  refused('/proc/self/root', /: files can't be kept there\. .*docker exec/)
  const before = treeOf(into)

  // Whoever is root in a container may have made it.
  spawnSync('mv', [join(root, 'usr/share/netdata/web'), join(into, 'outside/web')])
  symlinkSync(join(into, 'outside/web'), join(root, 'usr/share/netdata/web'))
  refused(root, /usr\/share\/netdata\/web leads out of it, to \S+\/outside\/web\n$/)
  t.notOk(existsSync(join(into, 'outside/web/guides')), 'and nothing got there')
  t.match(run('uninstall', '--into', root), { status: 1, stderr: /leads out of it/ })
  spawnSync('rm', [join(root, 'usr/share/netdata/web')])
  spawnSync('mv', [join(into, 'outside/web'), join(root, 'usr/share/netdata/web')])
  t.strictSame(treeOf(into), before, 'nothing was changed')

  t.match(run('install', '--into', root, '--tracing'), { status: 2, stderr: /--into starts nothing/ })
})

const isRoot = process.getuid?.() === 0
t.test('where others may write', { skip: !isRoot && 'only root minds' }, async t => {
  const into = join(t.testdir({}), 'open')
  mkdirSync(into)
  chmodSync(into, 0o777)
  t.match(run('install', '--into', into), { status: 1, stderr: /others may write there.*chmod go-w/ })
  t.strictSame(treeOf(into), {})
})

t.test('a file system that can’t be written', { skip: !isRoot && 'needs root for a mount' }, async t => {
  const into = t.testdir({})
  const script = `mount -t tmpfs -o ro,mode=755 tmpfs '${into}' && '${command}' install --into '${into}'`
  t.match(spawnSync('unshare', ['--mount', 'sh', '-c', script], { encoding: 'utf8' }), {
    status: 1,
    stderr: /^tcp-resets: EROFS: read-only file system, access .*\n$/,
  })
})
