/** The kernel keeps so many bytes of a command's name. */
const LENGTH = 15

/**
 * The name of a command as the kernel tells it: mostly UTF-8, and cut at a byte, so in the middle of a character, too.
 *
 * @param name without what ends it
 */
export function commandName(name: Buffer): string {
  const text = name.toString()
  return name.length === LENGTH ? text.replace(/\ufffd+$/, '') : text
}
