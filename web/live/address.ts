/** What comes before `/guides/tcp/` in an address; undefined where no agent can have served it. */
export function baseOf(protocol: string, pathname: string): string | undefined {
  if (protocol !== 'http:' && protocol !== 'https:') return undefined
  const before = /^(.*)\/guides\/tcp(?:\/[^/]*)?$/.exec(pathname)?.[1]
  return before === undefined ? undefined : withOneSlash(before)
}

/**
 * The path without slashes at its end, and with one at its beginning. Agents take more than one; to a browser `//api` is
 * another machine.
 */
export function withOneSlash(path: string): string {
  return path.replace(/\/+$/, '').replace(/^\/+/, '/')
}

/** Splits `/host/<name>` or `/node/<id>` from what comes before it. */
export function splitBase(base: string): { readonly root: string; readonly node: string } {
  const parts = /^(.*)(\/(?:host|node)\/[^/]+)$/.exec(base)
  return { root: parts?.[1] ?? base, node: parts?.[2] ?? '' }
}

/** The node whose dashboard the reader comes from, as a base; undefined when there is none. */
export function baseOfReferrer(referrer: string, origin: string): string | undefined {
  if (!referrer.startsWith(`${origin}/`)) return undefined
  const base = /^.*?\/(?:host|node)\/[^/]+(?=\/)/.exec(new URL(referrer).pathname)?.[0]
  return base === undefined ? undefined : withOneSlash(base)
}

/** The base of a node that the agent at `root` knows by name. */
export function hostBase(root: string, name: string): string {
  return `${root}/host/${encodeURIComponent(name)}`
}
