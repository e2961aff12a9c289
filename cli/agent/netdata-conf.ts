/** Sections of options. */
export type NetdataConf = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * Parses what a running agent gives as `/netdata.conf`: every option in use, the defaults behind a `#`. Of a file
 * written by hand a comment that looks like an option would count too, so it is for the agent's own answer only.
 */
export function parseNetdataConf(text: string): NetdataConf {
  const conf = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  for (const line of text.split('\n')) {
    const name = /^\[(.+)\]$/.exec(line)?.[1]
    if (name !== undefined) {
      section = new Map()
      conf.set(name, section)
      continue
    }
    const [, key, value] = /^\s*(?:# )?([^#=]+?) = ?(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) section.set(key, value.trim())
  }
  return conf
}

/** The first of several directories, each of which may be in quotes: `"/a" "/b"`. */
export function firstDirectory(value: string): string {
  return /^"([^"]*)"/.exec(value)?.[1] ?? value.split(' ')[0] ?? ''
}
