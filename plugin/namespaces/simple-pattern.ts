/**
 * Netdata's simple patterns (https://learn.netdata.cloud/docs/developer-and-contributor-corner/libnetdata/simple-patterns):
 * words between white space, `*` for any text, `!` before a word that is not to match, the first word that fits decides.
 *
 * @returns whether a text matches; nothing matches a pattern without words
 */
export function simplePattern(pattern: string): (text: string) => boolean {
  const words = pattern.split(/\s+/).filter(word => word !== '' && word !== '!')
  const tests = words.map(word => {
    const negative = word.startsWith('!')
    return { pieces: (negative ? word.slice(1) : word).split('*'), answer: !negative }
  })
  return text => tests.find(({ pieces }) => fits(pieces, text))?.answer ?? false
}

/** Plain searches, no regular expression: a pattern of many stars must not take exponential time. */
function fits(pieces: readonly string[], text: string): boolean {
  const first = pieces[0] ?? ''
  const last = pieces[pieces.length - 1] ?? ''
  if (pieces.length === 1) return text === first
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false
  const end = text.length - last.length
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    if (found < 0 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}
