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
  'dry-run': { type: 'boolean', help: 'say what would be done, but do nothing' },
  'guides-url': {
    type: 'string',
    argument: 'URL',
    help: 'the start of the addresses of guides in notices: https://netdata.example/netdata',
  },
  tracing: {
    type: 'boolean',
    help: "let Netdata read the kernel's trace of resets; the default for root with systemd",
  },
  'no-tracing': { type: 'boolean', help: "do not let Netdata read the kernel's trace" },
  recording: {
    type: 'boolean',
    help: "record the headers of people's traffic when a burst begins; off by default",
  },
  'no-recording': { type: 'boolean', help: 'turn recording off again' },
  into: {
    type: 'string',
    argument: 'DIR',
    help: 'the container, volume or empty directory that has the files, or gets them',
  },
  json: { type: 'boolean', help: 'print JSON' },
  'tracepoints-only': {
    type: 'boolean',
    help: 'leave out the dynamic events: shows fewer resets, and not in which container',
  },
  ...AGENT_OPTIONS,
  help: { type: 'boolean', short: 'h', help: 'show this help' },
  version: { type: 'boolean', help: 'show the version' },
} as const satisfies Options

/** A way to call the command. */
export interface Way {
  /** Its first word is the command, if it has one. What is in brackets can be left out. */
  readonly call: string
  readonly does: string
  /** Whether it also takes the options that say where the agent is. */
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
    does: "put the files into a container's root, into the directory that is mounted there as /etc/netdata, or into an empty directory as a layer of an image; starts nothing",
    findsAgent: true,
  },
  {
    call: 'uninstall [--into DIR] [--dry-run]',
    does: 'remove what install put there, but keep what you have edited',
    findsAgent: true,
  },
  {
    call: 'doctor [--json]',
    does: 'check that everything works, and say what to do if it does not',
    findsAgent: true,
  },
  {
    call: 'doctor --into DIR [--json]',
    does: 'the same from outside of a container: the files in DIR, and what the container that runs with them sees of its host',
    findsAgent: true,
  },
  {
    call: 'reload',
    does: 'make Netdata read the alarms again and restart the plugin, which reads its configuration',
    findsAgent: true,
  },
  { call: 'check-config [FILE]', does: 'check the configuration of the plugin', findsAgent: true },
  {
    call: 'explain [OPTION...] FILE... | - | --live',
    does: 'explain the TCP resets in a capture: when they came, who sent them, what to do; for its options: tcp-resets explain --help',
  },
  {
    call: 'grant [--tracepoints-only]',
    does: "let Netdata's group read which TCP resets the kernel sends and receives, until the next boot",
  },
  { call: 'revoke', does: 'take the grant back' },
  {
    call: 'recordings [show ID [OPTION...]]',
    does: "list what was recorded when bursts began, or explain one; OPTION is one of explain's",
  },
  {
    call: 'record',
    does: 'make the recording that the plugin has asked for; systemd starts this',
  },
  { call: '--help | --version', does: 'show this help, or the version' },
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

A running Netdata says where it is; otherwise its files are looked for. If that fails, say where it is.

${helpOf(OPTIONS)}
`
