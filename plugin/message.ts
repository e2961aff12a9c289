/** The message of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  return oneLine(thrown instanceof Error ? thrown.message : String(thrown))
}

/** Text from outside on one line: whatever could end the line or steer a terminal becomes a space. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
}
