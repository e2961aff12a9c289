import { parseU64 } from './u64'

/** Named counters of one row, u64 as the kernel prints them. A name that is not there has no key: absent is not 0. */
export type Row<Name extends string> = Readonly<Partial<Record<Name, bigint>>>

/** A row, with what it was made of. */
export interface Parsed<Name extends string> {
  readonly row: Row<Name>
  readonly columns: readonly Name[]
  readonly digits: readonly string[]
}

const NEWLINE = 0x0a

/**
 * Makes a parser of one row pair of `/proc/net/snmp` or `/proc/net/netstat` (kernel: net/ipv4/proc.c):
 * a line `<label>: <column> <column> ...` followed by a line `<label>: <value> <value> ...`.
 *
 * Columns are found by name, so a kernel with new, missing or reordered columns is safe. The answer is
 * undefined where the pair cannot be trusted as a whole: not there, there twice, cut off before its newline, or
 * with more names than values (or fewer). A column is left out where it alone cannot be trusted: named
 * twice, or its value is not a u64.
 *
 * The parser remembers the header it saw last: the header of a running kernel never changes, and reading it
 * once is most of the work. As long as no column that is wanted has moved, the answer is what it was before.
 *
 * @param label the word before the colon, such as `Tcp` or `TcpExt`
 * @param columns the columns wanted, in the kernel's spelling
 */
export function rowParser<Name extends string>(
  label: string,
  columns: readonly Name[],
): (text: string, before?: Parsed<Name>) => Parsed<Name> | undefined {
  const start = `${label}: `
  let header = ''
  let wanted: Name[] = []
  let values = /$/y

  /** A pattern of the line of values, with a group for each wanted column: it runs as machine code. */
  const learn = (line: string): void => {
    header = line
    const all = line.slice(start.length, -1).split(' ')
    const at = (name: Name): number => all.indexOf(name)
    wanted = columns
      .filter(name => at(name) >= 0 && at(name) === all.lastIndexOf(name))
      .sort((a, b) => at(a) - at(b))
    const groups = all.map(name => (wanted.some(column => column === name) ? '([^ \\n]*)' : '[^ \\n]*'))
    values = new RegExp(`${start}${groups.join(' ')}\\n`, 'y')
  }

  const toRow = (digits: readonly string[]): Row<Name> => {
    const found: Partial<Record<Name, bigint>> = {}
    for (const [index, name] of wanted.entries()) {
      const value = parseU64(digits[index] ?? '')
      if (value !== undefined) found[name] = value
    }
    return found
  }

  return (text, before) => {
    const headerAt = lineStartingWith(text, start, 0)
    if (headerAt < 0) return undefined
    const valuesAt = text.indexOf('\n', headerAt) + 1
    if (valuesAt === 0) return undefined
    const line = text.slice(headerAt, valuesAt)
    if (line !== header) learn(line)

    values.lastIndex = valuesAt
    const found = values.exec(text)
    if (found === null || lineStartingWith(text, start, values.lastIndex) >= 0) return undefined
    if (before?.columns === wanted && before.digits.every((was, index) => was === found[index + 1]))
      return before
    const digits = found.slice(1)
    return { row: toRow(digits), columns: wanted, digits }
  }
}

/** Where the first line that begins with `start` begins, at or after `from`; -1 where there is none. */
function lineStartingWith(text: string, start: string, from: number): number {
  let at = text.indexOf(start, from)
  while (at > 0 && text.charCodeAt(at - 1) !== NEWLINE) at = text.indexOf(start, at + 1)
  return at
}
