import { isRecord } from '../is-record'
import type { FunctionCall } from '../netdata/input'
import { DIRECTIONS, type Direction } from './event'

/** What was asked for. */
export interface Query {
  readonly infoOnly: boolean
  readonly directions: ReadonlySet<Direction>
}

/**
 * What dashboards and agents may add to any call, of no meaning here: the table has no past, and the dashboard itself
 * searches and sorts it.
 */
const IGNORED = [
  'after',
  'before',
  'last',
  'query',
  'anchor',
  'direction',
  'timeout',
  'sort',
  'group_by',
  'facets',
  'histogram',
  'slice',
  'data_only',
  'delta',
  'tail',
  'if_modified_since',
  'sampling',
]

/** What a call asks for, in its words and in what was posted with it; or what is wrong with it, for a person. */
export function parseQuery({ words, payload }: FunctionCall): Query | { readonly fault: string } {
  let infoOnly = false
  let directions: readonly string[] = DIRECTIONS
  for (const word of words.slice(1)) {
    const [name = '', value] = word.split(/:(.*)/s)
    if (word === 'info') infoOnly = true
    else if (name === 'resets' && value !== undefined) directions = value.split(',')
    else if (!IGNORED.includes(name)) return { fault: `unknown parameter ${JSON.stringify(word)}` }
  }
  if (payload !== undefined && payload.trim() !== '') {
    const posted = parsePayload(payload)
    if ('fault' in posted) return posted
    infoOnly ||= posted.infoOnly
    directions = posted.directions ?? directions
  }
  const wrong = directions.find(name => !DIRECTIONS.some(direction => direction === name))
  if (wrong !== undefined) {
    return { fault: `resets: expected ${DIRECTIONS.join(' or ')}, found ${JSON.stringify(wrong)}` }
  }
  return { infoOnly, directions: new Set(DIRECTIONS.filter(direction => directions.includes(direction))) }
}

interface Posted {
  readonly infoOnly: boolean
  readonly directions?: readonly string[]
}

/**
 * `{"selections": {"resets": ["sent"]}}`, and whatever else the dashboard knows. Programs that only post ask how to ask
 * with `{"info": true}`.
 */
function parsePayload(payload: string): Posted | { readonly fault: string } {
  let posted: unknown
  try {
    posted = JSON.parse(payload)
  } catch {
    return { fault: 'payload: expected JSON' }
  }
  if (!isRecord(posted)) return { fault: 'payload: expected a JSON object' }
  const { info, selections } = posted
  const infoOnly = info === true
  if (selections === undefined || selections === null) return { infoOnly }
  if (!isRecord(selections)) return { fault: 'payload: selections: expected an object' }
  const { resets } = selections
  if (resets === undefined) return { infoOnly }
  if (!isListOfStrings(resets)) return { fault: 'payload: selections.resets: expected a list of words' }
  // With nothing ticked the dashboard sends none, and means all.
  return resets.length === 0 ? { infoOnly } : { infoOnly, directions: resets }
}

function isListOfStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}
