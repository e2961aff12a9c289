/** What comes before `/guides/tcp/` in an address; undefined where no agent can have served it. */
export function baseOf(protocol: string, pathname: string): string | undefined {
  if (protocol !== 'http:' && protocol !== 'https:') return undefined
  return /^(.*)\/guides\/tcp(?:\/[^/]*)?$/.exec(pathname)?.[1]
}

/** Splits `/host/<name>` or `/node/<id>` from what comes before it. */
export function splitBase(base: string): { readonly root: string; readonly node: string } {
  const parts = /^(.*)(\/(?:host|node)\/[^/]+)$/.exec(base)
  return { root: parts?.[1] ?? base, node: parts?.[2] ?? '' }
}

/** The node whose dashboard the reader comes from, as a base; undefined when there is none. */
export function baseOfReferrer(referrer: string, origin: string): string | undefined {
  if (!referrer.startsWith(`${origin}/`)) return undefined
  return /^.*?\/(?:host|node)\/[^/]+(?=\/)/.exec(new URL(referrer).pathname)?.[0]
}

/** The base of a node that the agent at `root` knows by name. */
export function hostBase(root: string, name: string): string {
  return `${root}/host/${encodeURIComponent(name)}`
}
