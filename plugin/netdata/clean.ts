import { oneLine } from '../message'

const MAX_LENGTH = 200

/**
 * Text from outside (a process, a container, a file) made safe as one quoted word of the protocol: it can't end
 * the word, the line, or the command. Quotes become `_` as Netdata itself does with label values, a backslash
 * becomes `/`, control characters and lone surrogates a space or U+FFFD. At most 200 characters are kept: Netdata ends a
 * plugin that sends a line above 15,360 bytes.
 */
export function cleanText(text: string): string {
  return oneLine(text.slice(0, MAX_LENGTH))
    .replace(/['"`]/g, '_')
    .replace(/\\/g, '/')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    .trim()
}

/** Text from outside as a bare word: an id. Everything but ASCII letters, digits, `.`, `-` and `_` becomes `_`. */
export function cleanId(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(/[^A-Za-z0-9._-]/g, '_') || '_'
}
