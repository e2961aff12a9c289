import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { type Layout, layoutAt } from './layout'

// What `--into DIR` names: not this machine but the files of a container, which somebody else will start.

/** What a directory is to a container. */
export type IntoKind =
  /** It has a Netdata in it: the root of a container, or of an image that is being built. */
  | 'root'
  /** It is what the container has as its /etc/netdata. */
  | 'configuration'
  /** It was empty: a layer of an image, or what is mounted file by file. */
  | 'layer'

export interface Into {
  readonly kind: IntoKind
  readonly layout: Layout
}

/** Where ours is in a directory that holds other things as well. */
const OWN = 'netdata-tcp-resets'

/**
 * Finds out what a directory is, and where the files have to be in it.
 *
 * @param prefixes where a Netdata may be in it
 * @throws where it is none of the three, or leads somewhere else
 */
export function layoutInto(
  dir: string,
  prefixes: readonly string[],
  platform: NodeJS.Platform = process.platform,
): Into {
  refuseUnsafe(dir)
  const found = prefixes.map(each => layoutAt(each, platform, dir)).find(Boolean)
  const layer = imageLayout(dir)
  const isLayer = existsSync(join(layer.state, 'manifest.json')) && !existsSync(join(dir, 'etc/netdata'))
  const into: Into | undefined =
    isLayer && !existsSync(join(dir, 'usr/sbin/netdata'))
      ? { kind: 'layer', layout: layer }
      : found
        ? { kind: 'root', layout: found }
        : existsSync(join(dir, 'netdata.conf')) || existsSync(join(dir, 'edit-config'))
          ? { kind: 'configuration', layout: configurationLayout(dir) }
          : readdirSync(dir).length === 0
            ? { kind: 'layer', layout: layer }
            : undefined
  if (into === undefined)
    throw new Error(
      `no Netdata below ${prefixes.map(prefix => join(dir, prefix)).join(', ')}, and ${dir} is neither empty nor a /etc/netdata. ` +
        'Name the root of a container, the directory mounted there as /etc/netdata, or an empty directory',
    )
  const { layout } = into
  for (const path of [layout.plugins, layout.stockConf, layout.userConf, layout.web, layout.state])
    refuseOutside(dir, path)
  return into
}

/** A path of the files in DIR, as the container sees it. */
export function seenInside({ kind }: Into, dir: string, path: string): string {
  return join(kind === 'configuration' ? '/etc/netdata' : '/', path.slice(dir.length))
}

/** Netdata's image has its volumes at /etc/netdata, /var/lib/netdata and /var/cache/netdata: none of it is there. */
function imageLayout(dir: string): Layout {
  const stockConf = join(dir, 'usr/lib/netdata/conf.d')
  return {
    from: `the layout of Netdata's image, in ${dir}`,
    plugins: join(dir, 'usr/libexec/netdata/plugins.d'),
    stockConf,
    // In place of the stock alarms: what an image has on the volume is not seen where that exists already.
    userConf: stockConf,
    web: join(dir, 'usr/share/netdata/web'),
    state: join(dir, 'var/lib', OWN),
  }
}

/** The agent looks for plugins in its custom-plugins.d as well. */
function configurationLayout(dir: string): Layout {
  return {
    from: `its configuration in ${dir}`,
    plugins: join(dir, 'custom-plugins.d'),
    stockConf: join(dir, OWN),
    userConf: dir,
    web: join(dir, OWN, 'web'),
    state: join(dir, OWN),
  }
}

function refuseUnsafe(dir: string): void {
  if (!isAbsolute(dir)) throw new Error(`--into: expected an absolute path, found ${dir}`)
  if (/^\/(proc|sys|dev)(\/|$)/.test(resolve(dir)))
    throw new Error(
      `--into ${dir}: files can't be kept there. For a running container, name its directory ` +
        '(docker inspect -f "{{.GraphDriver.Data.MergedDir}}" NAME), or run tcp-resets install in it (docker exec)',
    )
  const stat = lstatSync(dir, { throwIfNoEntry: false })
  if (stat?.isSymbolicLink()) throw new Error(`--into ${dir}: it is a link: name ${realpathSync(dir)}`)
  if (!stat?.isDirectory())
    throw new Error(`--into ${dir}: ${stat ? 'it is no directory' : 'it is not there'}`)
}

/** A link with a whole path leads to one place in the container, and to another one from here. */
function refuseOutside(dir: string, path: string): void {
  const top = realpathSync(dir)
  let at = dir
  for (const name of path.slice(dir.length).split(sep).filter(Boolean)) {
    at = join(at, name)
    if (!lstatSync(at, { throwIfNoEntry: false })) return
    const real = realpathSync(at)
    if (real !== top && !real.startsWith(join(top, sep)))
      throw new Error(`--into ${dir}: ${at} leads out of it, to ${real}`)
  }
}
