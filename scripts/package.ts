import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { author, version } from '../package.json'
import { archive, SUMS, sha256 } from './archive'
import { build, dist, root, THIRD_PARTY } from './build'
import { setModes } from './modes'
import { ARCHS } from './own-node'
import { sourceTime } from './source-time'

// `npm run package`: the Debian package and the archives, from the built tree. The package by dpkg-deb alone: what goes
// where fits on one page.

const PACKAGE = 'netdata-tcp-resets'
const packaging = (...parts: string[]): string => join(root, 'packaging', ...parts)

export interface DebianPackage {
  /** The built tree it is made of. */
  readonly dist: string
  readonly version: string
  /** Where the file goes. */
  readonly into: string
}

/**
 * Makes the package. DEBFULLNAME and DEBEMAIL say who does, SOURCE_DATE_EPOCH when, as for Debian's own tools.
 *
 * @returns the path of the file
 */
export function debianPackage({ dist, version, into }: DebianPackage): string {
  const tree = mkdtempSync(join(tmpdir(), 'tcp-resets-package-'))
  try {
    chmodSync(tree, 0o755)
    fill(tree, dist, version)
    describe(tree, version)
    setModes(tree, /\.plugin$|bin\/|DEBIAN\/(post|pre)/)
    const file = join(into, `${PACKAGE}_${version}_all.deb`)
    mkdirSync(into, { recursive: true })
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH: `${sourceTime()}` },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return file
  } finally {
    rmSync(tree, { recursive: true })
  }
}

/** The files, where Debian's Netdata looks for them. */
function fill(tree: string, dist: string, version: string): void {
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    cpSync(from, join(tree, to), { recursive: true })
  }
  put(join(dist, 'plugins.d'), 'usr/lib/netdata/plugins.d')
  put(join(dist, 'conf.d'), 'usr/lib/netdata/conf.d')
  put(join(dist, 'health.d'), 'etc/netdata/health.d')
  put(join(dist, 'web'), 'usr/share/netdata/web')
  put(join(dist, 'bin', 'tcp-resets'), `usr/lib/${PACKAGE}/bin/tcp-resets`)
  const overrides = `usr/share/lintian/overrides/${PACKAGE}`
  put(packaging('debian', 'lintian-overrides'), overrides)
  mkdirSync(join(tree, 'usr/sbin'))
  symlinkSync(`../lib/${PACKAGE}/bin/tcp-resets`, join(tree, 'usr/sbin/tcp-resets'))
  if (existsSync(join(dist, 'bin', 'tcp-resets-grant'))) {
    put(join(dist, 'bin', 'tcp-resets-grant'), 'usr/sbin/tcp-resets-grant')
    put(join(dist, 'systemd'), 'lib/systemd/system')
    appendFileSync(join(tree, overrides), readFileSync(packaging('debian', 'lintian-overrides-grant')))
    mkdirSync(join(tree, 'usr/share/man/man8'), { recursive: true })
    symlinkSync('tcp-resets.8.gz', join(tree, 'usr/share/man/man8/tcp-resets-grant.8.gz'))
  }
  put(join(dist, THIRD_PARTY), `usr/share/doc/${PACKAGE}/${THIRD_PARTY}`)
  put(packaging('debian', 'copyright'), `usr/share/doc/${PACKAGE}/copyright`)
  zip(tree, 'usr/share/man/man8/tcp-resets.8.gz', readFileSync(join(dist, 'man/man8/tcp-resets.8'), 'utf8'))
  zip(
    tree,
    `usr/share/doc/${PACKAGE}/changelog.gz`,
    `${PACKAGE} (${version}) unstable; urgency=medium

  * What changed is told in CHANGELOG.md of the sources.

 -- ${maintainer()}  ${new Date(sourceTime() * 1000).toUTCString().replace('GMT', '+0000')}
`,
  )
}

function zip(tree: string, path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true })
  writeFileSync(join(tree, path), gzipSync(text, { level: 9 }))
}

/** What dpkg reads. */
function describe(tree: string, version: string): void {
  const about = join(tree, 'DEBIAN')
  mkdirSync(about)
  const files = filesOf(tree)
  const size = Math.ceil(files.reduce((sum, file) => sum + statSync(join(tree, file)).size, 0) / 1024)
  const control = readFileSync(packaging('debian', 'control'), 'utf8')
    .replace('@VERSION@', version)
    .replace('@MAINTAINER@', maintainer())
    .replace('@SIZE@', `${size}`)
  writeFileSync(join(about, 'control'), control)
  const md5 = (file: string): string =>
    createHash('md5')
      .update(readFileSync(join(tree, file)))
      .digest('hex')
  writeFileSync(join(about, 'md5sums'), files.map(file => `${md5(file)}  ${file}\n`).join(''))
  // What a user may edit, and dpkg asks about when it changes.
  const conffiles = files.filter(file => file.startsWith('etc/')).map(file => `/${file}\n`)
  writeFileSync(join(about, 'conffiles'), conffiles.join(''))
  for (const script of ['preinst', 'postinst', 'prerm', 'postrm'])
    copyFileSync(packaging('debian', script), join(about, script))
}

/** Regular files below a directory, sorted. */
function filesOf(tree: string): string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(tree, join(entry.parentPath, entry.name)))
    .sort()
}

/** Whoever builds it, if they say so, else the authors. */
function maintainer(): string {
  const [, name, address] = /^(.*) <(.*)>$/.exec(author) ?? []
  const { DEBFULLNAME = name, DEBEMAIL = address } = process.env
  return `${DEBFULLNAME} <${DEBEMAIL}>`
}

async function main(): Promise<void> {
  await build()
  console.log(debianPackage({ dist, version, into: join(dist, 'debian') }))
  const into = join(dist, 'archives')
  const archives = ARCHS.map(arch => archive({ dist, version, arch, into }))
  writeFileSync(join(into, SUMS), archives.map(file => `${sha256(file)}  ${basename(file)}\n`).join(''))
  for (const file of archives) console.log(file)
}

if (require.main === module) {
  main().catch(error => {
    console.error(error)
    process.exit(1)
  })
}
