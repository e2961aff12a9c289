import { attempt } from '../attempt'
import { messageOf, oneLine } from '../message'
import { type FunctionAnswer, type FunctionDefinition, refusal } from '../netdata/function'
import { ACCESS, type Column, tableBody } from '../netdata/table'
import { chartOf, findingOf, type Recording } from './recording'

const HELP =
  'What was recorded when a burst of TCP resets began, and what it shows. As root, tcp-resets recordings show ID explains one'
const TIMEOUT = 10
/** Seconds between two looks of the dashboard; there is one recording in a minute at most. */
const UPDATE_EVERY = 10

/** Agents read lines of 15,000 bytes, and JSON makes up to six of a character. */
const MOST_TEXT = 2000

/** The table of the Function `tcp-resets-recordings`, one entry a column. */
const COLUMNS: readonly Column<Recording>[] = [
  { id: 'Recording', name: 'Recording', look: 'key', cell: ({ id }) => id },
  { id: 'Began', name: 'Began', look: 'time', cell: ({ began }) => began * 1000 },
  { id: 'Chart', name: 'Chart', look: 'word', cell: row => chartOf(row) },
  { id: 'Finding', name: 'Finding', look: 'text', cell: row => oneLine(findingOf(row)).slice(0, MOST_TEXT) },
  {
    id: 'Resets',
    name: 'Resets',
    look: 'count',
    units: 'resets',
    instead: 'not known',
    cell: ({ explanation }) => explanation?.summary.resets ?? null,
  },
  {
    id: 'Refused',
    name: 'More that were asked for within the minute, and not recorded',
    look: 'count',
    hidden: true,
    cell: ({ refused }) => refused,
  },
]

/** What goes with the answer around its columns and rows. */
const TABLE = {
  status: 200,
  v: 3,
  update_every: UPDATE_EVERY,
  accepted_params: ['info'],
  required_params: [],
  type: 'table',
  has_history: false,
  help: HELP,
} as const

/**
 * The Function `tcp-resets-recordings`.
 *
 * @param recordings what is kept; throws where it can't be read
 * @param wall milliseconds since 1970
 */
export function recordingsFunction(
  recordings: () => readonly Recording[],
  wall: () => number,
  shownTo: keyof typeof ACCESS,
): FunctionDefinition {
  const tableAnswer = (): FunctionAnswer => {
    const answer = {
      ...TABLE,
      default_sort_column: 'Began',
      charts: { Resets: { name: 'Resets', type: 'stacked-bar', columns: ['Resets'] } },
      default_charts: [['Resets', 'Chart']],
      group_by: { Chart: { name: 'Chart', columns: ['Chart'] } },
      expires: Math.floor(wall() / 1000) + UPDATE_EVERY,
    }
    try {
      return { status: 200, body: tableBody(answer, COLUMNS, recordings()), goodFor: UPDATE_EVERY }
    } catch (error) {
      return refusal(503, `the recordings can't be read: ${messageOf(error)}`)
    }
  }
  return {
    name: 'tcp-resets-recordings',
    help: HELP,
    timeout: TIMEOUT,
    access: ACCESS[shownTo],
    // There is nothing to choose: whatever else dashboards add to a call has no meaning here.
    answer({ words, payload = '' }) {
      const isInfo = words.includes('info') || attempt(() => JSON.parse(payload).info) === true
      return isInfo ? { status: 200, body: `${JSON.stringify(TABLE)}\n`, goodFor: 3600 } : tableAnswer()
    },
  }
}
