import { helpOf, type Options, wrap } from './option'

// Every command of tcp-resets with its options: the one place where they are written down. The parser, the help and the
// manual page (scripts/manual.ts) are made of it. Those of `explain` are in explain/options.ts.

/** Where the agent is. */
export const AGENT_OPTIONS = {
  'netdata-prefix': {
    type: 'string',
    argument: 'DIR',
    help: 'where Netdata is installed (/, /opt/netdata, /usr/local)',
  },
  url: {
    type: 'string',
    argument: 'URL',
    help: 'where Netdata answers (http://127.0.0.1:19999); https: and unix:/path/to/its.sock as well',
  },
} as const satisfies Options

export const OPTIONS = {
  'dry-run': { type: 'boolean', help: 'say what would be done, and do nothing' },
  'guides-url': {
    type: 'string',
    argument: 'URL',
    help: 'what the addresses of the guides in notices begin with: https://netdata.example/netdata',
  },
  tracing: {
    type: 'boolean',
    help: 'let Netdata read which resets the kernel traces; done anyway by root with systemd, unless --no-tracing',
  },
  'no-tracing': { type: 'boolean', help: 'leave that out' },
  recording: {
    type: 'boolean',
    help: "record the headers of people's traffic when a burst begins; off unless asked for",
  },
  'no-recording': { type: 'boolean', help: 'end that' },
  into: {
    type: 'string',
    argument: 'DIR',
    help: 'the container, volume or empty directory to put the files into',
  },
  json: { type: 'boolean', help: 'as JSON' },
  'tracepoints-only': {
    type: 'boolean',
    help: 'leave the dynamic events out: fewer resets, and not of which container',
  },
  ...AGENT_OPTIONS,
  help: { type: 'boolean', short: 'h', help: 'this help' },
  version: { type: 'boolean', help: 'which version this is' },
} as const satisfies Options

/** A way to call the command. */
export interface Way {
  /** Its first word is the command, if it has one. Brackets are around what can be left out. */
  readonly call: string
  readonly does: string
  /** Whether the options that say where the agent is go with it as well. */
  readonly findsAgent?: true
}

export const WAYS: readonly Way[] = [
  {
    call: 'install [--dry-run] [--guides-url URL] [--tracing | --no-tracing] [--recording | --no-recording]',
    does: 'install or upgrade the plugin, its alarms and its guides',
    findsAgent: true,
  },
  {
    call: 'install --into DIR [--dry-run] [--guides-url URL]',
    does: "put the files into a container's root, into what is mounted there as /etc/netdata, or as a layer of an image into an empty directory; starts nothing",
    findsAgent: true,
  },
  {
    call: 'uninstall [--into DIR] [--dry-run]',
    does: 'take back what install did, and keep what you have edited',
    findsAgent: true,
  },
  {
    call: 'doctor [--json]',
    does: 'check that all of it works, and say what to do where it does not',
    findsAgent: true,
  },
  {
    call: 'reload',
    does: 'make Netdata read the alarms and start the plugin again, with its configuration',
    findsAgent: true,
  },
  { call: 'check-config [FILE]', does: 'check the configuration of the plugin', findsAgent: true },
  {
    call: 'explain [OPTION...] FILE... | - | --live',
    does: 'say of the TCP resets in a capture when they came, who sent them and what to do; tcp-resets explain --help has its options',
  },
  {
    call: 'grant [--tracepoints-only]',
    does: "let Netdata's group read which TCP resets the kernel sends and receives, until the next boot",
  },
  { call: 'revoke', does: 'take that back' },
  {
    call: 'recordings [show ID [OPTION...]]',
    does: "what was recorded when a burst began; OPTION is one of explain's",
  },
  {
    call: 'record',
    does: 'record what the plugin has asked for; started by systemd when there is something',
  },
  { call: '--help | --version', does: 'this help, or which version this is' },
]

/** What `grant` runs in a network namespace of its own. It is not for people, and no help has it. */
export const SELF_TEST = 'self-test'

/** @returns the names of the options that a command takes; undefined where there is no such command */
export function optionsOf(command: string): ReadonlySet<string> | undefined {
  if (command === SELF_TEST) return new Set()
  const ways = WAYS.filter(({ call }) => call.split(' ')[0] === command)
  if (ways.length === 0) return undefined
  const names = ways.flatMap(({ call, findsAgent }) => [
    ...[...call.matchAll(/--([\w-]+)/g)].map(([, name = '']) => name),
    ...(findsAgent ? Object.keys(AGENT_OPTIONS) : []),
  ])
  return new Set(names)
}

/** The words of a way to call; what is in brackets stays whole: `[--tracing | --no-tracing]`. */
export function partsOf(call: string): string[] {
  const parts: string[] = []
  for (const word of call.split(' ')) {
    const last = parts.at(-1) ?? ''
    if (last.split('[').length > last.split(']').length) parts[parts.length - 1] = `${last} ${word}`
    else parts.push(word)
  }
  return parts
}

const ways = WAYS.map(({ call, does }, index) =>
  [
    wrap(`${index === 0 ? 'Usage:' : '      '} tcp-resets`, partsOf(call), 26),
    wrap(' '.repeat(28), does, 28),
  ].join('\n'),
)

export const USAGE = `${ways.join('\n')}

Netdata is found by what a running one says, else by its files; where that fails, say where it is.

${helpOf(OPTIONS)}
`
