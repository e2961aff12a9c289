// Text of a capture, and the names of files, are somebody else's: nothing of them may steer a terminal or turn the order of
// what a person reads.

/** Control characters, what turns the direction of writing, invisible signs, ends of lines, halves of surrogate pairs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The text on one line, with every character that is no plain letter or sign written as `\xNN`, `\uNNNN` or `\UNNNNNNNN`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, sign => {
    const code = (sign.codePointAt(0) ?? 0).toString(16)
    if (code.length <= 2) return `\\x${code.padStart(2, '0')}`
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`
  })
}

/** A word for a shell, as one can paste it; what a terminal would act on becomes an escape of `$'...'`. */
export function shellWord(text: string): string {
  if (/^[\w./:@%+,=-]+$/.test(text)) return text.startsWith('-') && text !== '-' ? `./${text}` : text
  const visible = printable(text)
  if (visible === text) return `'${text.replaceAll("'", "'\\''")}'`
  return `$'${printable(text.replaceAll('\\', '\\\\')).replaceAll("'", "\\'")}'`
}

/** The text as HTML, also between quotes. */
export function escapeHtml(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
