import type { Explanation } from '../explanation'

/**
 * The explanation as JSON, a piece at a time, one reset on each line. In ASCII: text of a capture steers no terminal.
 */
export function* renderJson({ version, capture, resets, summary }: Explanation): Generator<string> {
  yield `{"version":${version},"capture":${ascii(capture)},"resets":[`
  for (const [i, reset] of resets.entries()) yield `${i === 0 ? '' : ','}\n${ascii(reset)}`
  yield `\n],"summary":${ascii(summary)}}\n`
}

function ascii(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
