import type { Look } from '../../explain/report/text'

/** What a report is as wide as where no terminal says so. */
const PAGE = 80
const NARROWEST = 60
const WIDEST = 120

/** Colours and width as the terminal has them; none and 80 columns in a pipe or a file. */
export function lookOf(
  { isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>,
  env: NodeJS.ProcessEnv,
): Pick<Look, 'width' | 'colour'> {
  return {
    width: isTTY && columns > 0 ? Math.min(WIDEST, Math.max(NARROWEST, columns)) : PAGE,
    // https://no-color.org
    colour: isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
  }
}
