import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { root } from './build'

/** The releases of Debian whose packaged kernels are tried, the one of `npm test` first. */
const RELEASES = ['bookworm', 'bullseye', 'trixie', 'sid'] as const
/** What TEST_KERNELS names, with commas between, or `all`; without it the first. */
export function releasesToTry({ TEST_KERNELS = RELEASES[0] }: NodeJS.ProcessEnv): readonly Release[] {
  return TEST_KERNELS === 'all'
    ? RELEASES
    : RELEASES.filter(release => TEST_KERNELS.split(',').includes(release))
}

export type Release = (typeof RELEASES)[number]

const MIRROR = 'http://deb.debian.org/debian'
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'
const META = 'linux-image-cloud-amd64'
const cache = join(root, 'node_modules', '.cache', 'debian-kernels')

/** A kernel and its modules, as its package has them. */
export interface Kernel {
  readonly vmlinuz: string
  /** `lib/modules/<release>`. */
  readonly modules: string
}

/**
 * The kernel of a release, from its package, which is unpacked and not installed. It is fetched once, by one process at a
 * time.
 *
 * @returns its files, or why there are none, for a person
 */
export function fetchKernel(release: Release): Kernel | { readonly missing: string } {
  if (process.arch !== 'x64') return { missing: 'the kernels are those of x86-64' }
  const folder = join(cache, release)
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    const { status, stderr } = spawnSync('sh', ['-c', FETCH, 'sh', release], { cwd: cache, encoding: 'utf8' })
    if (status !== 0) return { missing: `${MIRROR} ${release}: ${lastLine(stderr)}` }
  }
  return kernelIn(folder) ?? { missing: `${folder} has no kernel and its modules` }
}

/** Nothing of this machine's own apt is read or changed. */
const FETCH = `set -e
  exec 9>lock; flock 9
  [ ! -e $1 ] || exit 0
  rm -rf new; mkdir -p new/lists/partial new/cache/archives/partial new/debs new/root; cd new
  echo 'deb [signed-by=${KEYS}] ${MIRROR} '$1' main' >sources.list
  : >status
  cat >apt.conf <<END
    Dir::Etc::sourcelist "$PWD/sources.list";
    Dir::Etc::sourceparts "-";
    Dir::State::lists "$PWD/lists";
    Dir::State::status "$PWD/status";
    Dir::Cache "$PWD/cache";
    APT::Sandbox::User "root";
END
  export APT_CONFIG=$PWD/apt.conf
  apt-get -q update
  image=$(apt-cache depends ${META} | sed -n 's/.*Depends: linux-image-//p')
  cd debs
  apt-get -q download linux-image-$image
  # From Linux 7 on the kernel itself and its modules are in packages of their own.
  for kind in linux-binary linux-modules; do
    ! apt-cache show $kind-$image >/dev/null 2>&1 || apt-get -q download $kind-$image
  done
  for deb in *; do dpkg -x $deb ../root; done
  cd ../..; mv new/root $1; rm -rf new`

function kernelIn(folder: string): Kernel | undefined {
  const modules = firstIn(folder, ['lib/modules', 'usr/lib/modules'], /^[^/]+$/)
  const vmlinuz = firstIn(folder, ['boot', 'usr/lib/modules'], /(^|\/)vmlinuz/)
  const isWhole = modules !== undefined && existsSync(join(modules, 'kernel'))
  return isWhole && vmlinuz !== undefined ? { vmlinuz, modules } : undefined
}

function firstIn(folder: string, places: readonly string[], pattern: RegExp): string | undefined {
  for (const path of places.map(place => join(folder, place)).filter(existsSync)) {
    const name = readdirSync(path, { recursive: true })
      .map(String)
      .find(file => pattern.test(file))
    if (name !== undefined) return join(path, name)
  }
  return undefined
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''

/** Debian's, and what its scapy is in. */
const PYTHON = '/usr/bin/python3'
const PACKAGES = '/usr/lib/python3/dist-packages'

/** Why no guest with a Python can be made here; undefined where it can. */
export function whyNoGuests(): string | undefined {
  const needed = [
    '/usr/bin/qemu-system-x86_64',
    '/bin/busybox',
    '/usr/bin/cpio',
    '/usr/bin/xz',
    PYTHON,
    `${PACKAGES}/scapy`,
  ]
  return needed.every(existsSync)
    ? undefined
    : 'needs qemu-system-x86, busybox-static, cpio, xz-utils and python3-scapy'
}

/** The files of a Python with scapy, for a guest. */
export function guestPython(): Record<string, string> {
  const [version = ''] = readdirSync('/usr/lib').filter(name => /^python3\.\d+$/.test(name))
  const library = `/usr/lib/${version}`
  const modules = readdirSync(`${library}/lib-dynload`).map(name => `${library}/lib-dynload/${name}`)
  const { stdout } = spawnSync('ldd', [PYTHON, ...modules], { encoding: 'utf8' })
  const files = [PYTHON, library, `${PACKAGES}/scapy`]
  for (const [, path = ''] of stdout.matchAll(/=> (\/\S+)/g)) files.push(path)
  return Object.fromEntries(files.map(path => [path, path]))
}

/** The modules that connect network namespaces, filter in them, and reach into sockets. */
const MODULES = ['kernel/net', 'kernel/drivers/net/veth.ko', 'kernel/lib', 'kernel/crypto']

/** Puts modules into the guest, so that the kernel finds them by itself. */
function putModules(guest: string, modules: string): void {
  const release = basename(modules)
  const into = join(guest, 'lib/modules', release)
  for (const part of [...MODULES, `${MODULES[1]}.xz`, 'modules.order', 'modules.builtin'])
    if (existsSync(join(modules, part))) cpSync(join(modules, part), join(into, part), { recursive: true })
  spawnSync('find', [into, '-name', '*.ko.xz', '-exec', 'unxz', '{}', '+'])
  const { status } = spawnSync('busybox', ['depmod', '-b', guest, release])
  if (status !== 0) throw new Error(`depmod: ended with ${status}`)
}

/** Commands of this machine that the guest has too. */
const PROGRAMS = ['node', 'mount', 'mountpoint', 'umount', 'setpriv', 'getent', 'unshare', 'nsenter', 'ip']

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
ln -s /bin/busybox /sbin/modprobe
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t securityfs securityfs /sys/kernel/security
ip link set lo up
node /test/guest.cjs
# Setting the line waits until all of it is out.
stty sane
poweroff -f
`

export interface GuestOptions {
  /** For the kernel. */
  readonly parameters?: string
  /** Whether it has modules. */
  readonly modules?: boolean
  /** More commands of this machine for it. */
  readonly programs?: readonly string[]
  /** Whether its clocks count instructions, a nanosecond each, on a single CPU. */
  readonly countsInstructions?: boolean
}

/**
 * Boots a kernel without KVM and without a disk, and runs `/test/guest.cjs` in it as root.
 *
 * @param files to be put into the guest: its path there, and the path here
 * @returns all that came over the serial line
 */
export async function bootKernel(
  { vmlinuz, modules }: Kernel,
  files: Readonly<Record<string, string>>,
  options: GuestOptions = {},
): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'tcp-resets-kernel-'))
  try {
    const guest = join(work, 'root')
    for (const dir of [
      'bin',
      'sbin',
      'proc',
      'sys',
      'dev',
      'tmp',
      'run',
      'etc',
      'usr/bin',
      'usr/sbin',
      'mnt',
    ])
      mkdirSync(join(guest, dir), { recursive: true })
    const put = (path: string, source: string): void => {
      mkdirSync(dirname(join(guest, path)), { recursive: true })
      // With its time: what Python has compiled stays good.
      cpSync(realpathSync(source), join(guest, path), { recursive: true, preserveTimestamps: true })
    }
    for (const name of [...PROGRAMS, ...(options.programs ?? [])]) {
      const path = spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${name}`], {
        encoding: 'utf8',
      })
      const program = path.stdout.trim()
      put(`usr/bin/${name}`, program)
      const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
      for (const [library] of stdout.matchAll(/\/\S+/g)) put(library, library)
    }
    copyFileSync('/bin/busybox', join(guest, 'bin/busybox'))
    for (const [path, source] of Object.entries(files)) put(path, source)
    if (options.modules) putModules(guest, modules)
    writeFileSync(join(guest, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nnetdata:x:201:201::/:/bin/sh\n')
    writeFileSync(join(guest, 'etc/group'), 'root:x:0:\nnetdata:x:201:\n')
    writeFileSync(join(guest, 'init'), INIT, { mode: 0o755 })
    const pack = 'cd root && find . | cpio --quiet -o -H newc | gzip -1 >../initramfs.gz'
    const packed = spawnSync('sh', ['-c', pack], { cwd: work, encoding: 'utf8' })
    if (packed.status !== 0) throw new Error(`initramfs: ${packed.stderr.trim()}`)
    rmSync(guest, { recursive: true })

    // Nicely: other tests run beside it, and some of them watch the clock.
    const qemu = spawn(
      'nice',
      [
        'qemu-system-x86_64',
        // One thread: with one for each CPU, a CPU of the guest may meet what another is just patching into the kernel's
        // code (int3 in sched_clock_cpu, at the boot of 7.2).
        // Without cx16: the allocator of newer kernels (6.12) faults now and then on what QEMU 7.2 makes of cmpxchg16b.
        ...['-machine', 'q35', '-accel', 'tcg,thread=single', '-cpu', 'max,-cx16', '-m', '1024'],
        ...(options.countsInstructions ? ['-icount', 'shift=0,sleep=off'] : ['-smp', '2']),
        ...['-nographic', '-no-reboot', '-nic', 'none'],
        ...['-kernel', vmlinuz, '-initrd', join(work, 'initramfs.gz')],
        // Without KVM on a busy machine a kernel may find its timer too slow, and give up.
        ...['-append', `console=ttyS0 loglevel=1 no_timer_check panic=-1 ${options.parameters ?? ''}`],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 500_000 },
    )
    let text = ''
    qemu.stdout.setEncoding('utf8').on('data', part => {
      text += part
    })
    await once(qemu, 'close')
    return text
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
