import { parseArgs } from 'node:util'

/** What the command line asks for. */
export type Options =
  | { readonly command: 'run'; readonly interval: number }
  | { readonly command: 'check-config'; readonly file: string | undefined }
  | { readonly command: 'help' | 'version' }

export const USAGE = `Usage: tcp_resets.plugin [SECONDS]              publish TCP resets for Netdata on stdout
       tcp_resets.plugin --check-config [FILE]  check the configuration
       tcp_resets.plugin --version | --help
`

/**
 * @param args the command line without the program
 * @param updateEvery NETDATA_UPDATE_EVERY: the seconds between collections where the command line says none
 * @throws with one line for the user where the command line can't be understood
 */
export function parseOptions(args: readonly string[], updateEvery: string | undefined): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'check-config': { type: 'boolean' },
      version: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return { command: 'help' }
  if (values.version) return { command: 'version' }
  if (positionals.length > 1) throw new Error(`expected one argument, found ${positionals.length}`)
  const argument = positionals[0]
  if (values['check-config']) return { command: 'check-config', file: argument }
  return { command: 'run', interval: parseInterval(argument ?? updateEvery ?? '1') }
}

function parseInterval(text: string): number {
  const seconds = Number(text)
  if (!/^\d+$/.test(text) || seconds < 1 || seconds > 86_400) {
    throw new Error(`expected the seconds between collections, 1 to 86400, found ${JSON.stringify(text)}`)
  }
  return seconds
}
