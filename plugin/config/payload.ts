import type { PartialConfig } from './config'

/** Parses JSON from the dashboard. It is checked as a file is; a text says what is wrong. */
export async function parsePayload(payload: string): Promise<PartialConfig | string> {
  let posted: unknown
  try {
    posted = JSON.parse(payload)
  } catch {
    return 'expected JSON'
  }
  // An empty file sets nothing. Nothing as JSON is a mistake.
  if (posted === null) return 'expected keys and values, found null'
  // Loaded only here, as for the files: the parser costs memory.
  const { parseConfig } = await import('./parse')
  const parsed = parseConfig(JSON.stringify(posted))
  return 'config' in parsed ? parsed.config : parsed.faults.map(({ message }) => message).join('; ')
}
