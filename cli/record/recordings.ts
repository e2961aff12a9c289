import { existsSync } from 'node:fs'
import {
  chartOf,
  findingOf,
  RECORDINGS,
  type Recording,
  recordingsIn,
} from '../../plugin/recording/recording'
import { explainCommand } from '../explain/explain'
import { UsageError } from '../usage-error'
import { captureOf } from './store'

const NONE =
  'There are no recordings. They are made when a burst of resets begins, if root has turned that on: tcp-resets install --recording'

/**
 * `tcp-resets recordings`, and `tcp-resets recordings show ID` with the options of explain.
 *
 * @param say gets a line for the person
 * @returns the exit code
 * @throws UsageError where there is none of that id, or the system's error
 */
export async function recordingsCommand(
  args: readonly string[],
  say: (text: string) => void,
  store = RECORDINGS,
): Promise<number> {
  const [action, id, ...options] = args
  const kept = recordingsIn(store)
  if (action === undefined) {
    say(kept.length === 0 ? NONE : kept.map(line).join('\n'))
    return 0
  }
  const wanted = kept.find(recording => recording.id === id)
  if (action !== 'show' || wanted === undefined)
    throw new UsageError(
      `recordings: expected \`show\` and the id of a recording, found ${JSON.stringify(args.join(' '))}`,
    )
  const capture = captureOf(store, wanted.id)
  if (existsSync(capture)) return explainCommand([...options, capture], wanted.explanation?.capture.notes)
  say(`${line(wanted)}\n  Its capture is not kept${wanted.fault === undefined ? ' any more' : ''}.`)
  return 1
}

function line(recording: Recording): string {
  const { id, began, refused } = recording
  const when = new Date(began * 1000).toISOString().replace('T', ' ').slice(0, 19)
  const more = refused > 0 ? ` (${refused} more requested within the minute, and not recorded)` : ''
  return `${id}\n  ${when} UTC  ${chartOf(recording)}\n  ${findingOf(recording)}${more}`
}
