import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { Metafile } from 'esbuild'
import t from 'tap'
import manifest from '../../package.json'
import lock from '../../package-lock.json'
import { dist, root, THIRD_PARTY } from '../../scripts/build'
import { debianPackage } from '../../scripts/package'
import { listOf, thirdParties } from '../../scripts/third-party'

/** Everything below a folder: path, mode, content. */
function contentsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
    .map(path => {
      const { mode } = statSync(path)
      const content = statSync(path).isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : ''
      return `${relative(folder, path)} ${mode.toString(8)} ${content}`
    })
}

const LEFT_OUT = new Set(['.git', '.tap', 'dist', 'node_modules', 'test'])

/** Builds a copy of the sources, in surroundings of its own. */
function buildIn(folder: string, cwd: string, umask: string, env: NodeJS.ProcessEnv): string {
  for (const name of readdirSync(root).filter(each => !LEFT_OUT.has(each))) {
    const filter = (path: string): boolean => !path.endsWith(`${sep}generated`)
    cpSync(join(root, name), join(folder, name), { recursive: true, filter })
  }
  symlinkSync(realpathSync(join(root, 'node_modules')), join(folder, 'node_modules'))
  const tsx = join(folder, 'node_modules', '.bin', 'tsx')
  execFileSync(
    'sh',
    ['-c', `umask ${umask}; cd ${cwd}; exec ${tsx} ${join(folder, 'scripts', 'build.ts')}`],
    {
      env: { PATH: process.env.PATH, HOME: folder, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  return join(folder, 'dist')
}

t.test('the same sources make the same bytes, wherever and whenever they are built', async t => {
  const dir = t.testdir({})
  const deeper = join(dir, 'a', 'deeper place')
  mkdirSync(join(dir, 'a'))
  const one = buildIn(join(dir, 'one'), '.', '022', { TZ: 'UTC', LC_ALL: 'C' })
  const two = buildIn(deeper.replace(' ', '-'), '/', '077', { TZ: 'Asia/Kathmandu', LC_ALL: 'C.UTF-8' })
  t.strictSame(contentsOf(two), contentsOf(one), 'the built tree')

  const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
  const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0
  t.test('the Debian package', { skip: !hasDpkg && 'needs dpkg-deb' }, async t => {
    const made = [one, two].map((dist, index) =>
      debianPackage({ dist, version: '1.0.0', into: join(dir, `${index}`) }),
    )
    t.equal(hash(made[1] ?? ''), hash(made[0] ?? ''))
  })
  const tarball = (folder: string): string => {
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
    return hash(join(folder, execFileSync('npm', args, { cwd: join(folder), encoding: 'utf8' }).trim()))
  }
  t.equal(tarball(join(two, '..')), tarball(join(one, '..')), 'the npm package')
})

t.test('what is bundled is listed, with its licence', async t => {
  const list = readFileSync(join(dist, THIRD_PARTY), 'utf8')
  const named = [...list.matchAll(/^-{78}\n(\S+) (\S+) \((\S+)\)$/gm)].map(([, name, version]) => ({
    name,
    version,
  }))
  const locked: Record<string, { version?: string }> = lock.packages
  t.ok(named.length > 0)
  for (const { name, version } of named)
    t.equal(version, locked[`node_modules/${name}`]?.version, `${name} as locked`)

  // esbuild writes the path of each file of others before it.
  const bundled = ['plugins.d/tcp_resets.plugin', 'bin/tcp-resets'].flatMap(file =>
    [...readFileSync(join(dist, file), 'utf8').matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(
      ([, name]) => name,
    ),
  )
  t.strictSame(
    named.map(({ name }) => name).sort(),
    [...new Set([...bundled, 'ajv'])].sort(),
    'neither more nor less',
  )

  const copyright = readFileSync(join(root, 'packaging', 'debian', 'copyright'), 'utf8')
  const inDebian = /npm packages ([\w -]+) in them/.exec(copyright.replace(/\s+/g, ' '))?.[1]
  t.strictSame(
    inDebian?.split(/, | and /).sort(),
    named.map(({ name }) => name).sort(),
    'and by Debian’s copyright',
  )
})

t.test('what has no licence is not bundled', async t => {
  const folder = t.testdir({
    node_modules: {
      '@a': {
        b: { 'package.json': '{"name":"@a/b","version":"1.2.3","license":"MIT"}', 'LICENSE.md': 'Do.' },
      },
      untold: { 'package.json': '{"name":"untold","version":"1.0.0","license":"MIT"}' },
      shy: { 'package.json': '{"name":"shy","version":"1.0.0"}', LICENSE: 'Do.' },
      unused: { 'package.json': '{"name":"unused","version":"1.0.0"}' },
    },
  })
  const bundleOf = (...names: string[]): Metafile => ({
    inputs: {},
    outputs: {
      out: {
        bytes: 1,
        inputs: Object.fromEntries([
          ['plugin/main.ts', { bytesInOutput: 10 }],
          ['node_modules/unused/x.js', { bytesInOutput: 0 }],
          ...names.map(name => [`node_modules/${name}/dist/x.js`, { bytesInOutput: 5 }]),
        ]),
        imports: [],
        exports: [],
      },
    },
  })
  const found = thirdParties([bundleOf('@a/b'), bundleOf('@a/b')], folder)
  t.strictSame(found, [{ name: '@a/b', version: '1.2.3', licence: 'MIT', text: 'Do.' }])
  t.match(listOf(found), /^-+\n@a\/b 1\.2\.3 \(MIT\)\n\nDo\.$/m)
  for (const name of ['untold', 'shy']) {
    t.throws(
      () => thirdParties([bundleOf(name)], folder),
      { message: `${name} is in the bundle: expected a licence` },
      name,
    )
  }
})

t.test('versions are exact, and the lock file is in step', async t => {
  const { devDependencies, engines, bin, name, version } = manifest
  t.notOk('dependencies' in manifest, 'nothing is needed at run time: it is bundled')
  for (const [each, wanted] of Object.entries(devDependencies)) t.match(wanted, /^\d+\.\d+\.\d+$/, each)
  t.match(lock.packages[''], { name, version, devDependencies, engines, bin })
  const packages: Record<string, { version?: string; integrity?: string }> = lock.packages
  for (const [each, wanted] of Object.entries(devDependencies)) {
    t.equal(packages[`node_modules/${each}`]?.version, wanted, each)
  }
  const unchecked = Object.keys(packages).filter(
    path => path !== '' && !packages[path]?.integrity?.startsWith('sha512-'),
  )
  // The linter's programs for other platforms than Linux with glibc: npm does not get them there.
  t.strictSame(
    unchecked.filter(path => !path.startsWith('node_modules/@biomejs/cli-')),
    [],
    'each with its checksum',
  )
  for (const path of ['node_modules/@biomejs/biome', 'node_modules/@biomejs/cli-linux-x64'])
    t.notOk(unchecked.includes(path))
})

t.test('no install script is needed', async t => {
  const run = Object.keys(manifest.scripts)
  for (const script of [
    'preinstall',
    'install',
    'postinstall',
    'prepare',
    'preprepare',
    'postprepare',
    'dependencies',
  ]) {
    t.notOk(run.includes(script), `${script}: none of our own`)
  }
  const packages: Record<string, { version?: string; hasInstallScript?: boolean }> = lock.packages
  const withScript = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript)
  // esbuild's only looks whether npm has got the binary, which is a package of its own, and saves a start of Node.
  t.strictSame(
    withScript.map(([path]) => path),
    ['node_modules/esbuild'],
  )
})
