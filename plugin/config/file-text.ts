import { parseDocument, Scalar } from 'yaml'
import type { PartialConfig } from './config'
import { stockText } from './generated/stock'

const HEAD = `# netdata-tcp-resets: settings taken over from the dashboard (YAML).
#
# Put this into Netdata's user configuration directory, as tcp_resets.conf. What is set on the dashboard still
# overrides it, key by key.
`

/** The text of a user's file that says the same, with the comments of the stock file. */
export function fileText(config: PartialConfig): string {
  // The stock file's own head ends at the first empty line.
  const document = parseDocument(stockText.replace(/^(#.*\n)+/, HEAD))
  for (const [key, value] of Object.entries(config)) {
    if (typeof value !== 'object') document.set(key, value)
    else for (const [inner, each] of Object.entries(value)) document.setIn([key, inner], onOneLine(each))
  }
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY })
}

/** No text may end the answer that this goes into, or say another key. */
function onOneLine(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const scalar = new Scalar(value)
  scalar.type = 'QUOTE_DOUBLE'
  return scalar
}
