/** A table of figures, as docs/measured.md shows it. */
export interface Table {
  readonly title: string
  /** What one has to know to read it. */
  readonly note?: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The table as Markdown: words to the left, and figures, which are all but the first and the last column, to the right. */
export function toMarkdown({ title, note, head, rows }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = head.map((_, column) => (column === 0 || column === head.length - 1 ? '---' : '---:'))
  const above = note === undefined ? [] : [note, '']
  return [`### ${title}`, '', ...above, line(head), line(rule), ...rows.map(line)].join('\n')
}
