/** Who a process belongs to, as its cgroup path tells. */
export interface Owner {
  /** Chart label: `docker`, `containerd`, `cri-o`, `podman`, `systemd-nspawn`, `lxc`, `systemd`; `kubernetes` or
   * `container` where the path tells of a container, and not of its runtime. */
  readonly runtime: string
  /** A name that a person recognizes, with a container's id cut short. */
  readonly name: string
  /** The runtime's own full name of it; absent where it is no container. */
  readonly containerId?: string
  /** The UID of the Kubernetes pod; all containers of a pod share one network namespace. */
  readonly podUid?: string
}

/** As many digits of an id as `docker ps` and `crictl ps` show. */
const SHORT = 12

const ID = '([0-9a-f]{64})'

/** The first word of the systemd scope, or of the folder, that has an id in its name. */
const RUNTIMES: Readonly<Record<string, string>> = {
  docker: 'docker',
  cri: 'containerd',
  nerdctl: 'containerd',
  containerd: 'containerd',
  crio: 'cri-o',
  libpod: 'podman',
}

/** Where the folder's name is the id alone, the one around it tells: containerd's is named for its namespace. */
const FOLDERS: Readonly<Record<string, string>> = { docker: 'docker', default: 'containerd' }

/**
 * Reads `/proc/<pid>/cgroup` (cgroups(7)): one line per hierarchy, `<number>:<controllers>:<path>`.
 *
 * The innermost container of a path decides, and a container decides before a service: what runs in a container
 * has services of its own. On a host with both versions of cgroups a runtime may use only some hierarchies.
 *
 * @returns undefined where no line tells of a container or a systemd service
 */
export function ownerOf(text: string): Owner | undefined {
  const paths = text
    .split('\n')
    .map(line => line.split(':').slice(2).join(':'))
    .filter(path => path !== '' && path !== '/')
  return firstOf(paths, containerOf) ?? firstOf(paths, serviceOf)
}

function firstOf<In, Out>(all: readonly In[], find: (one: In) => Out | undefined): Out | undefined {
  for (const one of all) {
    const found = find(one)
    if (found !== undefined) return found
  }
  return undefined
}

function containerOf(path: string): Owner | undefined {
  const segments = path.split('/')
  for (let at = segments.length - 1; at > 0; at--) {
    const owner =
      withId(segments[at] ?? '', segments[at - 1] ?? '', path) ??
      named(segments[at] ?? '', segments[at - 1] ?? '')
    if (owner !== undefined) return owner
  }
  return undefined
}

/** Containers that have an id of 64 hexadecimal digits. */
function withId(segment: string, parent: string, path: string): Owner | undefined {
  // <id>, docker-<id>.scope, libpod-<id>; containerd where it was told of the wrong driver: <pod>.slice:<prefix>:<id>
  const scope = new RegExp(`(?:^|:)(?:([a-z]+)[a-z-]*[-:])?${ID}(?:\\.scope)?$`).exec(segment)
  const id = scope?.[2]
  if (id === undefined) return undefined
  const podUid = podUidOf(path)
  const known = RUNTIMES[scope?.[1] ?? ''] ?? FOLDERS[parent]
  if (podUid === undefined) {
    const runtime = known ?? 'container'
    return { runtime, name: `${runtime}_${id.slice(0, SHORT)}`, containerId: id }
  }
  return { runtime: known ?? 'kubernetes', name: `pod_${podUid.slice(0, SHORT)}`, containerId: id, podUid }
}

function podUidOf(path: string): string | undefined {
  // A slice's name has dashes between its parents, so the systemd driver writes the UID with underscores.
  const uid = /(?:^|[/-])pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?=[./:]|$)/.exec(
    path,
  )
  return uid?.[1]?.replace(/_/g, '-')
}

/** Containers that are known by a name. */
function named(segment: string, parent: string): Owner | undefined {
  const nspawn = /^systemd-nspawn@(.+)\.service$/.exec(segment)?.[1] ?? machineOf(segment)
  if (nspawn !== undefined) return container('systemd-nspawn', unescapeUnit(nspawn))
  // lxc.payload.<name> since LXC 4, lxc.payload/<name> in 3.1, lxc/<name> before and on Proxmox.
  const lxc =
    /^lxc\.payload\.(.+)$/.exec(segment)?.[1] ?? (/^lxc(\.payload)?$/.test(parent) ? segment : undefined)
  return lxc === undefined || lxc === '' ? undefined : container('lxc', lxc)
}

/** `machine-<name>.scope` is of systemd-machined, which virtual machines register with, too. */
function machineOf(segment: string): string | undefined {
  const name = /^machine-(.+)\.scope$/.exec(segment)?.[1]
  return name?.startsWith('qemu') ? undefined : name
}

function container(runtime: string, name: string): Owner {
  return { runtime, name, containerId: name }
}

function serviceOf(path: string): Owner | undefined {
  const services = path.split('/').filter(segment => segment.endsWith('.service'))
  const innermost = services.at(-1)
  // The manager of a user's session is not what runs in it.
  if (innermost === undefined || innermost.startsWith('user@')) return undefined
  return { runtime: 'systemd', name: unescapeUnit(innermost.slice(0, -'.service'.length)) }
}

/** systemd.unit(5), "String Escaping for Inclusion in Unit Names": `\x2d` for a dash. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
