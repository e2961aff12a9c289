/** What the `format` file of a trace event says of the text that the event is printed as. */
export interface EventFormat {
  readonly name: string
  /** The keys of the `key=value` pairs, in the order of the text. */
  readonly keys: readonly string[]
  /** For a key whose numbers the kernel prints as names: the names. A number without a name is printed in hex. */
  readonly names: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads `events/<system>/<event>/format` (kernel: Documentation/trace/events.rst, "Event formats").
 *
 * The text of an event differs between kernels in its keys, their order and the names of reasons, and distributions
 * backport: so this file says what to expect, never the kernel's version.
 *
 * @returns undefined where it is no such file
 */
export function parseFormat(text: string): EventFormat | undefined {
  const name = /^name: (\S+)$/m.exec(text)?.[1]
  const print = /^print fmt: "((?:[^"\\]|\\.)*)"(.*)$/m.exec(text)
  if (name === undefined || print === null) return undefined
  const [, template = '', args = ''] = print
  const keys = [...template.matchAll(/(\w+)=%/g)].map(match => match[1] ?? '')
  if (keys.length === 0) return undefined

  const names = new Map<string, string[]>()
  for (const [, key = '', pairs = ''] of args.matchAll(
    /__print_symbolic\(REC->(\w+)((?:, \{[^{}]*\})+)\)/g,
  )) {
    names.set(
      key,
      [...pairs.matchAll(/"([^"]*)" \}/g)].map(match => match[1] ?? ''),
    )
  }
  return { name, keys, names }
}

/** The names that the kernel prints for the numbers of a key, from the same file; empty where it prints none. */
export function namesByNumber(text: string, key: string): ReadonlyMap<number, string> {
  const [, pairs = ''] = new RegExp(`__print_symbolic\\(REC->${key}((?:, \\{[^{}]*\\})+)\\)`).exec(text) ?? []
  return new Map(
    [...pairs.matchAll(/\{ (\d+), "([^"]*)" \}/g)].map(([, number, name = '']) => [Number(number), name]),
  )
}
