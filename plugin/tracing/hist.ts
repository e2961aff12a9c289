/** How often a kind of event happened, by network namespace (the inode of its `net/stat`). */
export interface Hist {
  readonly counts: ReadonlyMap<number, bigint>
  /** Events of namespaces that came when there was no room for another one: they are in no count. */
  readonly dropped: bigint
}

/**
 * Reads the `hist` file of an event that is counted by `ino` (kernel: Documentation/trace/histogram.rst).
 *
 * @returns undefined where it is no such file
 */
export function parseHist(text: string): Hist | undefined {
  const dropped = /^ +Dropped: (\d{1,20})$/m.exec(text)?.[1]
  if (dropped === undefined) return undefined
  const entries = text.matchAll(/^\{ ino: +(\d{1,10}) \} hitcount: +(\d{1,20})$/gm)
  return {
    counts: new Map([...entries].map(([, inode, count = '']) => [Number(inode), BigInt(count)])),
    dropped: BigInt(dropped),
  }
}
