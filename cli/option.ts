/**
 * An option of the command line, as `parseArgs()` (node:util) takes it, with what the help and the manual page say of
 * it.
 */
export interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** What its argument is called in the help. */
  readonly argument?: string
  readonly help: string
}

export type Options = Readonly<Record<string, Option>>

const WIDTH = 110

/** The part of a help text that tells of options, a line for each, or more where the words need them. */
export function helpOf(options: Options): string {
  const rows = Object.entries(options).map(
    ([name, { short, argument, help }]) =>
      [`${short ? `-${short}, ` : ''}--${name}${argument ? ` ${argument}` : ''}`, help] as const,
  )
  const column = Math.max(...rows.map(([option]) => option.length)) + 4
  return rows.map(([option, help]) => wrap(`  ${option.padEnd(column - 2)}`, help, column)).join('\n')
}

/**
 * Words in lines, the first of which begins with `start`.
 *
 * @param words text, or parts that stay whole
 * @param indent blanks before every further line
 */
export function wrap(start: string, words: string | readonly string[], indent: number): string {
  const lines = [start]
  for (const word of typeof words === 'string' ? words.split(' ') : words) {
    const line = lines.at(-1) ?? ''
    const blank = line.endsWith(' ') ? '' : ' '
    if (line.length + blank.length + word.length <= WIDTH) lines[lines.length - 1] = line + blank + word
    else lines.push(' '.repeat(indent) + word)
  }
  return lines.join('\n')
}
