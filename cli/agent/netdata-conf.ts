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

/** The same of a file that somebody has written, in which comments are comments. */
export function parseOwnConf(text: string): NetdataConf {
  const lines = text.split('\n').map(line => line.trim())
  return parseNetdataConf(lines.filter(line => !line.startsWith('#')).join('\n'))
}

/** Several directories, each of which may be in quotes: `"/a" "/b"`. */
export function directoriesIn(value: string): string[] {
  return [...value.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

/** Whether an option says yes, in one of the agent's words for that; undefined where it is not there. */
export function saysYes(conf: NetdataConf | undefined, section: string, key: string): boolean | undefined {
  const value = conf?.get(section)?.get(key)
  return value === undefined ? undefined : /^(yes|true|on|auto|on[ -]?demand)$/i.test(value)
}
