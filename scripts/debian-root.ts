import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** What a machine with Netdata has, and what the tests look at it with. */
const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'procps',
  'iproute2',
  'curl',
  'tcpdump',
  'nodejs',
  'netdata',
]
const RELEASE = 'bookworm'
const MIRROR = 'http://deb.debian.org/debian'
/** Where only root gets in: it has programs that run as root whoever starts them. */
const CACHE = '/var/cache/netdata-tcp-resets-test'

/**
 * The file system of a Debian 12 with systemd and Netdata. It is made once, in a minute or two, by one process at a time,
 * and needs no network from then on. Nothing may be changed in it.
 *
 * @returns its directory, or why there is none, for a person
 */
export function debianRoot(): { readonly path: string } | { readonly missing: string } {
  if (process.getuid?.() !== 0) return { missing: 'needs root' }
  const include = PACKAGES.join()
  const path = join(CACHE, `${RELEASE}-${createHash('sha256').update(include).digest('hex').slice(0, 8)}`)
  if (existsSync(path)) return { path }
  const script = `umask 022; mkdir -p -m 700 ${CACHE} && exec 9>${CACHE}/lock && flock 9 && { [ -d ${path} ] || {
    rm -rf ${path}.new && debootstrap --variant=minbase --include=${include} ${RELEASE} ${path}.new ${MIRROR} &&
    rm -rf ${path}.new/var/cache/apt/archives/*.deb && mv ${path}.new ${path}; }; }`
  const { status, stdout } = spawnSync('sh', ['-c', `{ ${script}; } 2>&1`], { encoding: 'utf8' })
  return status === 0
    ? { path }
    : { missing: `no Debian could be made: ${stdout.trimEnd().split('\n').at(-1)}` }
}
