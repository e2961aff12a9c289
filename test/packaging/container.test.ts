import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { version } from '../../package.json'
import { archive } from '../../scripts/archive'
import { dist, root } from '../../scripts/build'
import { ownNode } from '../../scripts/own-node'
import { noSandbox, openSandbox, REMOVE_NODE, type Sandbox } from '../cli/sandbox'

// Netdata in a container. Docker's engine and Netdata's image are not to be had here, so this is what they are made of: a
// root with Netdata in the layout of the image and no Node, in mount, process, network and cgroup namespaces of its own,
// with docker's capabilities and the host's /proc below /host. The host is a sandbox.

const NOT_HERE = 'the npm registry has no such Node, or could not be reached'
const isX64 = process.arch === 'x64' && process.platform === 'linux'

function tree(t: Test): string | undefined {
  const into = t.testdir({})
  try {
    ownNode('x64')
  } catch {
    return undefined
  }
  return archive({ dist, version, arch: 'x64', into })
}

const ROOT = '/mnt/container/root'
const LAYER = '/mnt/layer'
const GRANTED = '/run/netdata-tcp-resets'
const PROGRAM = '/usr/sbin/netdata'
const PID = '/mnt/container/pid'

/** What docker gives the root of a container: no CAP_SYS_ADMIN. */
const CAPABILITIES =
  'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap'

interface Image {
  readonly name: string
  /** Shell commands that make the root's Netdata one in the places of the image. */
  readonly places: string
  /** Where it is now, if not in /usr. */
  readonly prefix?: string
}

/** How the Dockerfile makes the layer. */
const DOCKERFILE_RUN = /^RUN ((?:.*\\\n)*.*)$/m
  .exec(readFileSync(join(root, 'packaging/docker/Dockerfile'), 'utf8'))?.[1]
  ?.replaceAll('\\\n', ' ')

const IMAGES: readonly Image[] = [
  {
    name: 'the distribution’s Netdata',
    places: 'mkdir -p usr/libexec/netdata; mv usr/lib/netdata/plugins.d usr/libexec/netdata/',
  },
  {
    name: 'Netdata 2.11',
    prefix: '/opt/netdata-2.11',
    places: `rm -r usr/lib/netdata usr/share/netdata
      for dir in libexec lib share; do mv opt/netdata-2.11/usr/$dir/netdata usr/$dir/; done
      cp -a opt/netdata-2.11/usr/sbin/. usr/sbin/; rm -r opt/netdata-2.11`,
  },
]

/**
 * Netdata's own plugins are off. As process 1, Netdata 1.37 waits for a plugin of its own that has ended for as long as a
 * child of that one still holds its pipe, as charts.d.plugin's do while they start, and meanwhile takes no signal: it
 * can't be stopped.
 */
const CONF = `[global]
 run as user = netdata
[directories]
 plugins = "/usr/libexec/netdata/plugins.d" "/etc/netdata/custom-plugins.d"
 config = /etc/netdata
 stock config = /usr/lib/netdata/conf.d
 web = /usr/share/netdata/web
 stock data = /usr/share/netdata
 lib = /var/lib/netdata
 cache = /var/cache/netdata
 log = /var/log/netdata
[plugins]
 check for new plugins every = 2
${['apps', 'charts.d', 'cups', 'fping', 'ioping', 'nfacct', 'perf', 'python.d', 'slabinfo', 'tc'].map(name => ` ${name} = no`).join('\n')}
[health]
 run at least every seconds = 1
[db]
 mode = ram
[cloud]
 enabled = no
[ml]
 enabled = no
`

function makeRoot(sandbox: Sandbox, image: Image): void {
  sandbox.must(`set -e; mkdir -p /mnt/container/upper /mnt/container/work ${ROOT} ${LAYER}
    mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/container/upper,workdir=/mnt/container/work ${ROOT}
    mkdir -p ${ROOT}/host/proc ${ROOT}/mnt
    chroot ${ROOT} sh -c '${REMOVE_NODE}'
    cd ${ROOT}; ${image.places}
    mkdir -p etc/netdata/custom-plugins.d var/lib/netdata/cloud.d var/cache/netdata var/log/netdata usr/share/netdata/web
    printf '%s' '${CONF}' >etc/netdata/netdata.conf
    chown -R netdata:root usr/lib/netdata var/lib/netdata var/cache/netdata var/log/netdata`)
}

/** @param namespaces more of them, for `unshare` */
async function start(sandbox: Sandbox, namespaces: string): Promise<void> {
  const keep = CAPABILITIES.split(' ').map(name => `+${name}`)
  sandbox.must(`unshare --mount --pid --cgroup ${namespaces} --fork --kill-child sh -c '
      mount --rbind /proc ${ROOT}/host/proc; mount -t proc proc ${ROOT}/proc; ip link set lo up
      exec setpriv --bounding-set=-all,${keep.join(',')} --inh-caps=-all chroot ${ROOT} \\
        ${PROGRAM} -c /etc/netdata/netdata.conf -u netdata -D -s /host -p 19999' </dev/null >/dev/null 2>&1 &
    echo $! >${PID}`)
  await sandbox.until('it answers', within('curl -sf http://127.0.0.1:19999/api/v1/info'))
}

/** A command in the container, as `docker exec` runs it. */
const within = (command: string): string =>
  `nsenter -t "$(cat /proc/$(cat ${PID})/task/$(cat ${PID})/children | tr -d ' ')" --mount --pid --net --cgroup --root --wd -- ${command}`

/** As `docker stop` does: an agent that is still ending after 10 s is ended. */
async function stop(sandbox: Sandbox): Promise<void> {
  sandbox.must(`agent=$(cat /proc/$(cat ${PID})/task/$(cat ${PID})/children | tr -d ' ')
    kill $agent; timeout 10 tail --pid=$agent -f /dev/null || kill -9 $agent`)
  await sandbox.until(
    'it has ended',
    `! grep -qs '^State:.[RSD]' "/proc/$(cat ${PID})/status" || { ps -eo pid,ppid,stat,wchan:24,args; false; }`,
  )
}

async function works(t: Test, sandbox: Sandbox): Promise<void> {
  const api = 'http://127.0.0.1:19999'
  await sandbox.until(
    'data',
    `${within(`curl -sf '${api}/api/v1/data?chart=ipv4.tcp_resets&after=-10&format=csv'`)} | grep -q '^[0-9].*,[0-9]'`,
  )
  await sandbox.until(
    'alarms',
    `${within(`curl -sf '${api}/api/v1/alarms?all'`)} | grep -q 5m_ipv4_tcp_resets_sent`,
  )
  sandbox.must(`${within(`curl -sf ${api}/guides/tcp/5m_ipv4_tcp_resets_sent.html`)} | grep -q '<title>'`)
  sandbox.must(`${within('pgrep -f "^/.*tcp_resets.plugin.node "')}`)
  t.pass('data, alarms, guides, and its own Node')
}

for (const image of IMAGES) {
  const absent = image.prefix !== undefined && !existsSync(image.prefix) && `no Netdata in ${image.prefix}`
  const skip = (!isX64 && 'needs Linux on x64') || noSandbox || absent
  t.test(image.name, { skip }, async t => {
    const packed = tree(t)
    if (packed === undefined) {
      t.comment(NOT_HERE)
      return
    }
    const command = `/mnt/unpacked/netdata-tcp-resets_${version}_linux-x64/bin/tcp-resets`
    const open = async (t: Test): Promise<Sandbox> => {
      const sandbox = await openSandbox(t)
      sandbox.must(`mkdir -m 755 /mnt/unpacked; tar -xzf '${packed}' -C /mnt/unpacked
        chown -R root:root /mnt/unpacked`)
      makeRoot(sandbox, image)
      return sandbox
    }

    await t.test('a layer of the image', async t => {
      const sandbox = await open(t)
      sandbox.must(`mkdir ${ROOT}/unpacked; cp '${packed}' ${ROOT}/unpacked/`)
      t.match(sandbox.sh(`chroot ${ROOT} sh -c '${DOCKERFILE_RUN}'`), { status: 0, stderr: '' })
      sandbox.must(`cp -a ${ROOT}/layer/. ${ROOT}/; rm -r ${ROOT}/layer ${ROOT}/unpacked`)
      await start(sandbox, '--net')
      await works(t, sandbox)
      const doctor = sandbox.sh(within('/usr/local/bin/tcp-resets doctor'))
      t.equal(doctor.status, 0, doctor.stdout)
      t.match(
        doctor.stdout,
        /note +container +this is a container, and it lacks: the resets of the host.*\n +→ .*--network=host --pid=host -v \/var\/log\/pods/,
      )
      t.match(
        doctor.stdout,
        /note +containers +the agent runs in the network namespace net:\[\d+\], which is not/,
      )
      t.match(doctor.stdout, /good +files +\d+ of version \S+ are there/)
      t.match(sandbox.sh(within('/usr/local/bin/tcp-resets reload')), { status: 0, stderr: '' })
      const gone = sandbox.sh(within('/usr/local/bin/tcp-resets uninstall'))
      t.match(gone, { status: 0, stderr: '' })
      // The plugin takes what it remembers with it, as it ends.
      await sandbox.until(
        'nothing is left',
        `! find ${ROOT}/usr ${ROOT}/etc ${ROOT}/var -name '*tcp[-_]resets*' -newer ${PID} | grep .`,
      )
      await stop(sandbox)
    })

    await t.test('mounts on an image that can’t be written', async t => {
      const sandbox = await open(t)
      const { stdout } = sandbox.sh(`${command} install --into ${LAYER}`)
      const mounts = [...stdout.matchAll(/^ {2}-v (\/mnt\/layer\S+):(\S+):ro$/gm)]
      t.ok(mounts.length > 3)
      for (const [, from, to] of mounts)
        sandbox.must(`[ -d ${from} ] && mkdir -p ${ROOT}${to} || touch ${ROOT}${to}
          mount --bind ${from} ${ROOT}${to}; mount -o remount,bind,ro ${ROOT}${to}`)
      for (const dir of ['usr', 'etc'])
        sandbox.must(`mount --rbind ${ROOT}/${dir} ${ROOT}/${dir}; mount -o remount,bind,ro ${ROOT}/${dir}`)
      const doctor = () => sandbox.sh(`${command} doctor --into ${LAYER}`)
      t.match(doctor(), {
        status: 0,
        stdout: /note +container +no Netdata of this machine runs with these files.*\n +→ .*--network=host/,
      })
      // What there is to see on this host: logs as the kubelet has them, a namespace of ip-netns(8), and a grant's directory.
      sandbox.must(`mkdir -p /var/log/pods ${ROOT}/host/var/log/pods ${ROOT}/host/run/netns ${ROOT}${GRANTED}
        ip netns add seen; install -d ${GRANTED}/sent ${GRANTED}/received
        install -m 440 -g netdata /dev/null ${GRANTED}/sent/trace_pipe
        install -m 440 -g netdata /dev/null ${GRANTED}/received/trace_pipe`)
      await start(sandbox, '--net')
      await works(t, sandbox)
      const lacking = doctor()
      t.equal(lacking.status, 0, lacking.stdout)
      t.match(lacking.stdout, /good +container +process \d+ .* namespace net:\[\d+\], not that of the host/)
      t.match(
        lacking.stdout,
        /note +mounts +it lacks: the resets of the host.*names of pods; names of ip netns; reasons/,
      )
      t.match(
        lacking.stdout,
        / → of these, add what you want: --network=host --pid=host -v \/var\/log\/pods:\S+ -v \/run\/netns:\S+ -v \/run\/netdata-tcp-resets:\S+\n/,
        'not /proc, which is there, and no logs of containers, which this host has not',
      )
      t.match(lacking.stdout, /good +tracing +the host lets user \d+ and group \d+ read/)
      t.match(lacking.stdout, /good +running +process \d+ is \/usr\/libexec/)
      await stop(sandbox)
      sandbox.must(`for dir in /var/log/pods /run/netns; do mount --rbind $dir ${ROOT}/host$dir; done
        mount --rbind ${GRANTED} ${ROOT}${GRANTED}; chgrp root ${GRANTED}/sent/trace_pipe`)
      await start(sandbox, '')
      const shown = doctor()
      t.match(shown.stdout, /good +container .*, that of the host\n/)
      t.match(
        shown.stdout,
        /note +mounts +it lacks: new containers [^;]*\n +→ of these, add what you want: --pid=host\n/,
      )
      t.match(
        shown.stdout,
        /note +tracing +user \d+ of the agent can’t read .*\n +→ .*: TCP_RESETS_GROUP=\d+ tcp-resets grant/,
      )
      await stop(sandbox)
      sandbox.must(`umount -l ${ROOT}/host/run/netns; ip netns del seen`)
      t.match(sandbox.sh(`${command} uninstall --into ${LAYER}`), { status: 0, stderr: '' })
      t.equal(sandbox.must(`find ${LAYER} -mindepth 1`), '', 'nothing is left')
    })

    await t.test('the volume of its configuration, while it runs', async t => {
      const sandbox = await open(t)
      await start(sandbox, '')
      const before = sandbox.must(`find ${ROOT}/etc/netdata`)
      const doctor = () => sandbox.sh(`${command} doctor --into ${ROOT}/etc/netdata`)
      t.match(doctor(), { status: 1, stdout: /wrong +plugin +no \S+\n +→ tcp-resets install --into / })
      t.match(sandbox.sh(`${command} install --into ${ROOT}/etc/netdata`), { status: 0, stderr: '' })
      t.match(doctor(), { status: 0, stdout: /note +running +not started yet:|good +running +process / })
      await sandbox.until(
        'the agent runs it',
        `${command} doctor --into ${ROOT}/etc/netdata | grep '^good  *running'`,
      )
      t.match(doctor(), {
        status: 0,
        stdout:
          /good +running +process \d+ is \/etc\/netdata\/custom-plugins\.d\/tcp_resets\.plugin of the container/,
      })
      sandbox.must(`chmod 700 ${ROOT}/etc/netdata/custom-plugins.d/tcp_resets.plugin`)
      t.match(doctor(), { status: 1, stdout: /wrong +plugin +not everybody can run / })
      t.match(sandbox.sh(`${command} doctor --into ${ROOT}`), {
        status: 1,
        stdout: /wrong +plugin +no \S+\/usr\/libexec\S+\n/,
      })
      t.match(sandbox.sh(`${command} install --into ${ROOT}/etc/netdata`), {
        status: 0,
        stdout: /Installed \S+ over /,
      })
      t.match(sandbox.sh(`${command} uninstall --into ${ROOT}/etc/netdata`), { status: 0, stderr: '' })
      t.equal(sandbox.must(`find ${ROOT}/etc/netdata`), before)
      await stop(sandbox)
    })
  })
}
