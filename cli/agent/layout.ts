import { existsSync, readFileSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { directoriesIn, type NetdataConf } from './netdata-conf'

/** The directories of one agent. */
export interface Layout {
  /** How it was found, for a person. */
  readonly from: string
  readonly plugins: string
  readonly stockConf: string
  readonly userConf: string
  readonly web: string
  /** What the agent keeps for itself; absent where it does not say. */
  readonly lib?: string
  /** Where the plugin keeps what it has learnt; absent where the agent does not say. */
  readonly cache?: string
  /** Ours, for the manifest: nobody but root may write there. */
  readonly state: string
}

/**
 * Where agents are that nobody named: the packages of Debian, Ubuntu and Red Hat's kin; the static build; a build from
 * source, with Netdata's installer or with the default prefix; FreeBSD's package.
 */
export const PREFIXES = ['/', '/opt/netdata', '/usr/local', '/usr/local/netdata']

/**
 * The agent below a prefix; undefined where there is none.
 *
 * Packages have their own idea of lib, lib64, libexec and share, so each directory is looked for by itself.
 *
 * @param root what stands for `/`
 */
export function layoutAt(prefix: string, platform: NodeJS.Platform, root = '/'): Layout | undefined {
  const top = join(root, prefix === '/usr' ? '/' : prefix)
  for (const base of [join(top, 'usr'), top]) {
    const at = (parts: readonly string[], name: string): string | undefined =>
      parts.map(part => join(base, part, 'netdata', name)).find(existsSync)
    const plugins = at(['libexec', 'lib', 'lib64'], 'plugins.d')
    const stockConf = at(['lib', 'lib64', 'share'], 'conf.d')
    const web = at(['share'], 'web')
    if (plugins === undefined || stockConf === undefined || web === undefined) continue
    const userConf = join(top, 'etc/netdata')
    return {
      from: `its files below ${top}`,
      plugins,
      stockConf,
      userConf,
      web,
      lib: platform === 'freebsd' ? join(root, 'var/db/netdata') : join(top, 'var/lib/netdata'),
      cache: join(platform === 'freebsd' ? root : top, 'var/cache/netdata'),
      state: stateIn(root, platform),
    }
  }
  return undefined
}

/** The directories a running agent says it uses; undefined where one is missing, or is nowhere. */
export function layoutFrom(
  conf: NetdataConf,
  url: string,
  platform: NodeJS.Platform = process.platform,
): Layout | undefined {
  const { plugins, stockConf, userConf, web, lib, cache } = namedIn(conf)
  if (!plugins || !stockConf || !userConf || !web) return undefined
  const from = `the running agent's answer at ${url}`
  const kept = { ...(lib && { lib }), ...(cache && { cache }) }
  return { from, plugins, stockConf, userConf, web, ...kept, state: stateIn('/', platform) }
}

/** The directories of an agent that does not answer: where its files are, unless its own netdata.conf names others. */
export function layoutOver(files: Layout, conf: NetdataConf): Layout {
  return { ...files, ...namedIn(conf), from: `its process, and ${join(files.userConf, 'netdata.conf')}` }
}

/**
 * The file of our alarms: in the user's directory, or in an image in place of the stock one.
 *
 * @returns the user's where there is neither
 */
export function healthFile({ userConf, stockConf }: Layout): string {
  const [own, stock] = [userConf, stockConf].map(dir => join(dir, 'health.d', 'tcp_resets.conf'))
  const isOurs = (path = ''): boolean =>
    statSync(path, { throwIfNoEntry: false })?.isFile() === true &&
    readFileSync(path, 'utf8').includes('ipv4.tcp_resets')
  return `${existsSync(`${own}`) || !isOurs(stock) ? own : stock}`
}

/** Those that a configuration names. */
function namedIn(conf: NetdataConf): Partial<Omit<Layout, 'from' | 'state'>> {
  const allOf = (key: string): string[] =>
    directoriesIn(conf.get('directories')?.get(key) ?? '').flatMap(path =>
      isAbsolute(path) ? [resolve(path)] : [],
    )
  const named = (key: string): string | undefined => allOf(key)[0]
  // Ours may be in any, such as custom-plugins.d on the volume of an image.
  const plugins = allOf('plugins').find(dir => existsSync(join(dir, 'tcp_resets.plugin'))) ?? named('plugins')
  const stockConf = named('stock config')
  const userConf = named('config')
  const web = named('web')
  const lib = named('lib')
  const cache = named('cache')
  return {
    ...(plugins && { plugins }),
    ...(stockConf && { stockConf }),
    ...(userConf && { userConf }),
    ...(web && { web }),
    ...(lib && { lib }),
    ...(cache && { cache }),
  }
}

/** One fixed place, whatever an agent says. */
function stateIn(root: string, platform: NodeJS.Platform): string {
  return join(root, platform === 'freebsd' ? 'var/db' : 'var/lib', 'netdata-tcp-resets')
}

/** Where the program of an agent below a prefix may be; `bin/srv` is that of the static build. */
export function programsBelow(prefix: string): string[] {
  return ['usr/sbin', 'sbin', 'usr/bin', 'bin', 'bin/srv'].map(dir => join(prefix, dir, 'netdata'))
}
