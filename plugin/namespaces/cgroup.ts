/** Who a process belongs to, as its cgroup path tells. What is said here is text from outside. */
export interface Owner {
  /** Chart label: `docker`, `containerd`, `cri-o`, `podman`, `kata`, `systemd-nspawn`, `lxc`, `nomad`, `buildkit`, `garden`,
   * `machine` (a virtual machine), `systemd`; `kubernetes` or `container` where the path tells of a container, and not
   * of its runtime. */
  readonly runtime: string
  /** A name that a person recognizes, with a container's id cut short. */
  readonly name: string
  /** What is the same for it after a restart, and for nothing else; absent where nothing tells, as with a command. */
  readonly identity?: string
  /** The runtime's own full name of it; absent where it is no container, or only the pod is known. */
  readonly containerId?: string
  /** The UID of the Kubernetes pod; all containers of a pod share one network namespace. */
  readonly podUid?: string
  readonly podNamespace?: string
  readonly podName?: string
  /** What the pod calls this container. */
  readonly containerName?: string
}

/** As many digits of an id as `docker ps` and `crictl ps` show. */
const SHORT = 12
/** As many as `nomad job status` shows. */
const NOMAD_SHORT = 8

const ID = '[0-9a-f]{64}'
/** A UUID, or garden's own, whose last group is short. */
const GUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{4,12}'
/** On Fargate. */
const ECS_ID = '[0-9a-f]{32}-\\d+'

const WITH_ID = new RegExp(`(?:^|:)(?:([a-z]+)[a-z-]*[-:_])?(${ID})(?:\\.scope)?$`)
const ID_ALONE = new RegExp(`^(?:${GUID}|${ECS_ID})$`)
const NOMAD_TASK = new RegExp(`^(${GUID})\\.(.+?)(?:\\.scope)?$`)
/** A slice's name has dashes between its parents, so the systemd driver writes the UID with underscores. */
const POD = /(?:^|-)pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?:$|:)/

/** The first word of the systemd scope, or of the folder, that has an id in its name. */
const RUNTIMES: ReadonlyMap<string, string> = new Map([
  ['docker', 'docker'],
  ['cri', 'containerd'],
  ['nerdctl', 'containerd'],
  ['containerd', 'containerd'],
  ['crio', 'cri-o'],
  ['libpod', 'podman'],
  ['kata', 'kata'],
])

/** Where the folder's name is the id alone, the one around it tells: containerd's is named for its namespace. */
const FOLDERS: ReadonlyMap<string, string> = new Map([
  ['docker', 'docker'],
  ['default', 'containerd'],
  ['k8s.io', 'containerd'],
  ['buildkit', 'buildkit'],
  ['firecracker', 'machine'],
  ['garden', 'garden'],
  ['nomad', 'nomad'],
  ['kata_overhead', 'kata'],
  ['vc', 'kata'],
])

/** Of these folders, those that have containers with names as well. */
const NAMED_AT_TOP = new Set(['default', 'k8s.io', 'firecracker'])

/** Services that run the containers of others: those are not named for it. */
const RUNTIME_SERVICES = new Set(['docker', 'containerd', 'crio', 'podman', 'buildkit', 'garden'])

/** Folders that a service makes for its own processes. */
const PARTS_OF_A_SERVICE = new Set(['container', 'control', 'main', 'ns', 'payload', 'supervisor', 'udev'])

/**
 * Reads `/proc/<pid>/cgroup` (cgroups(7)): one line per hierarchy, `<number>:<controllers>:<path>`.
 *
 * The innermost container of a path decides, and a container decides before a service: what runs in a container
 * has services of its own. On a host with both versions of cgroups a runtime may use only some hierarchies.
 *
 * @returns undefined where no line tells of a container or a systemd service
 */
export function ownerOf(text: string): Owner | undefined {
  const lines = text.split('\n').map(line => line.split(':'))
  // systemd's own hierarchy tells the most, and which comes first is another one after each boot.
  const bySystemd = lines.filter(([, controllers]) => controllers === 'name=systemd')
  const paths = [...bySystemd, ...lines]
    .map(line => line.slice(2).join(':'))
    .filter(path => path !== '' && path !== '/')
    .map(path => path.split('/'))
  return firstOf(paths, containerOf) ?? firstOf(paths, serviceOf)
}

function firstOf<In, Out>(all: readonly In[], find: (one: In) => Out | undefined): Out | undefined {
  for (const one of all) {
    const found = find(one)
    if (found !== undefined) return found
  }
  return undefined
}

function containerOf(path: readonly string[]): Owner | undefined {
  for (let at = path.length - 1; at > 0; at--) {
    const owner = withId(path, at) ?? podAlone(path, at) ?? withShortId(path, at) ?? named(path, at)
    if (owner !== undefined) return withService(owner, path.slice(at + 1))
  }
  return undefined
}

/** Containers that have an id of 64 hexadecimal digits. */
function withId(path: readonly string[], at: number): Owner | undefined {
  const [segment = '', parent = ''] = [path[at], path[at - 1]]
  // <id>, docker-<id>.scope, libpod-<id>, kata_<id>; containerd where it was told of the wrong driver:
  // <pod>.slice:<prefix>:<id>
  const [, prefix = '', id] = WITH_ID.exec(segment) ?? []
  if (id === undefined) return undefined
  const known = RUNTIMES.get(prefix) ?? FOLDERS.get(parent)
  const podUid = podAround(path, at)
  if (podUid !== undefined) return { ...pod(podUid, known), containerId: id }
  const runtime = known ?? 'container'
  const service = serviceName(parent)
  // The service outlives the containers that it has one after the other.
  if (service !== undefined && !RUNTIME_SERVICES.has(service))
    return { runtime, name: service, identity: path.slice(0, at).join('/'), containerId: id }
  return byId(runtime, runtime, id)
}

/** A container belongs to a pod around it, and not to one that has another container in between: docker in a pod. */
function podAround(path: readonly string[], at: number): string | undefined {
  const outside = path.slice(0, at)
  const inside = outside.findLastIndex(segment => WITH_ID.test(segment))
  return firstOf(path.slice(inside + 1, at + 1).reverse(), podUidOf)
}

/** gVisor and Kata can have all that a pod runs in the cgroup of the pod. */
function podAlone(path: readonly string[], at: number): Owner | undefined {
  const podUid = podUidOf(path[at] ?? '')
  return podUid === undefined ? undefined : pod(podUid, undefined)
}

/** Containers that have an id of another kind. */
function withShortId(path: readonly string[], at: number): Owner | undefined {
  const [segment = '', parent = '', grandparent = ''] = [path[at], path[at - 1], path[at - 2]]
  const [, allocation, task] = NOMAD_TASK.exec(segment) ?? []
  if (allocation !== undefined && task !== undefined) {
    const name = `${task}_${allocation.slice(0, NOMAD_SHORT)}`
    return { runtime: 'nomad', name, identity: `nomad:${allocation}.${task}`, containerId: allocation }
  }
  // In docker with systemd's driver a build looks like a container with a shorter id.
  const scope = /^(?:buildkit|docker)-([a-z0-9]{25})\.scope$/.exec(segment)?.[1]
  const build = scope ?? (parent === 'buildkit' ? /^[a-z0-9]{25}$/.exec(segment)?.[0] : undefined)
  if (build !== undefined) return byId('buildkit', 'buildkit', build)
  if (!ID_ALONE.test(segment)) return undefined
  // garden has its containers in garden/<id>, or in garden/good/<id> and garden/bad/<id>.
  const runtime = FOLDERS.get(parent) ?? FOLDERS.get(grandparent) ?? 'container'
  return byId(runtime, serviceName(parent) ?? runtime, segment)
}

/** A container that is known by its id. */
export function byId(runtime: string, prefix: string, id: string): Owner {
  return { runtime, name: `${prefix}_${id.slice(0, SHORT)}`, identity: `container:${id}`, containerId: id }
}

function pod(podUid: string, runtime: string | undefined): Owner {
  return {
    runtime: runtime ?? 'kubernetes',
    name: `pod_${podUid.slice(0, SHORT)}`,
    identity: `pod:${podUid}`,
    podUid,
  }
}

function podUidOf(segment: string): string | undefined {
  return POD.exec(segment)?.[1]?.replace(/_/g, '-')
}

/** Containers and machines that are known by a name. */
function named(path: readonly string[], at: number): Owner | undefined {
  const [segment = '', parent = ''] = [path[at], path[at - 1]]
  const [, spawner, spawned] = /^systemd-(nspawn|vmspawn)@(.+)\.service$/.exec(segment) ?? []
  if (spawned !== undefined)
    return byName(spawner === 'nspawn' ? 'systemd-nspawn' : 'machine', unescapeUnit(spawned))
  const machine = /^machine-(.+)\.scope$/.exec(segment)?.[1]
  if (machine !== undefined) return machineOf(unescapeUnit(machine), path[at + 1] ?? '')
  // libvirt without systemd: <name>.libvirt-<driver>, or as below with that behind it.
  const [, guest, driver] = /^(.+)\.libvirt-([a-z]+)$/.exec(segment) ?? []
  if (guest !== undefined) return guestOf(driver === 'lxc', guest)
  // lxc.payload.<name> since LXC 4, lxc.payload/<name> in 3.1, lxc/<name> before and on Proxmox.
  const lxc =
    /^lxc\.payload\.(.+)$/.exec(segment)?.[1] ?? (/^lxc(\.payload)?$/.test(parent) ? segment : undefined)
  if (lxc !== undefined && lxc !== '') return byName('lxc', lxc)
  // runc and crun with systemd: the name that somebody chose for a container.
  const scope = /^(?:runc|crun)-(.+)\.scope$/.exec(segment)?.[1]
  if (scope !== undefined) return byName('container', unescapeUnit(scope))
  return namedAtTop(path, at)
}

/** `ctr run`, and Firecracker's jailer: `/<containerd's namespace>/<a name that somebody chose>`. */
function namedAtTop(path: readonly string[], at: number): Owner | undefined {
  const [segment = '', parent = ''] = [path[at], path[at - 1]]
  const isAtTop = path.slice(0, at - 1).every(folder => folder === '' || folder === '..')
  const runtime = NAMED_AT_TOP.has(parent) ? FOLDERS.get(parent) : undefined
  return runtime !== undefined && isAtTop && segment !== '' && !isUnit(segment)
    ? byName(runtime, segment)
    : undefined
}

/** `machine-<name>.scope` is of systemd-machined. systemd-nspawn makes a folder `payload` in it, or had units there before. */
function machineOf(name: string, child: string): Owner {
  const isContainer = name.startsWith('lxc-')
  const isSystem = child === 'payload' || isUnit(child)
  return isSystem && !isContainer ? byName('systemd-nspawn', name) : guestOf(isContainer, name)
}

/** @param name libvirt's `<driver>-<number>-<name>`: the number is another one after each start, and older ones have none */
function guestOf(isContainer: boolean, name: string): Owner {
  return byName(
    isContainer ? 'lxc' : 'machine',
    name.replace(/^(?:bhyve|ch|lxc|qemu|xen)-(?:\d+-)?(?=.)/, ''),
  )
}

function byName(runtime: string, name: string): Owner {
  return { runtime, name, identity: `${runtime}:${name}`, containerId: name }
}

/** A service in a container can have a network of its own, beside that of the container. */
function withService(owner: Owner, below: readonly string[]): Owner {
  const service = firstOf([...below].reverse(), serviceName)
  if (service === undefined) return owner
  return { ...owner, name: `${owner.name}_${service}`, identity: `${owner.identity}/${service}` }
}

function serviceOf(path: readonly string[]): Owner | undefined {
  const at = path.findLastIndex(segment => segment.endsWith('.service'))
  const service = serviceName(path[at] ?? '')
  if (service === undefined) return undefined
  const identity = path.slice(0, at + 1).join('/')
  const isPart = (segment: string): boolean =>
    isUnit(segment) || segment.startsWith('.') || segment === service || PARTS_OF_A_SERVICE.has(segment)
  const last = path.findLastIndex((segment, index) => index > at && segment !== '' && !isPart(segment))
  const folder = path[last]
  if (folder === undefined) return { runtime: 'systemd', name: service, identity }
  // A service that runs many: each is one of its own.
  return {
    runtime: 'container',
    name: `${service}_${folder}`,
    identity: path.slice(0, last + 1).join('/'),
    containerId: folder,
  }
}

function isUnit(segment: string): boolean {
  return /\.(?:slice|scope|service)$/.test(segment)
}

/** The manager of a user's session is not what runs in it. */
function serviceName(segment: string): string | undefined {
  if (!segment.endsWith('.service') || segment.startsWith('user@')) return undefined
  return unescapeUnit(segment.slice(0, -'.service'.length))
}

/** systemd.unit(5), "String Escaping for Inclusion in Unit Names": `\x2d` for a dash. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
