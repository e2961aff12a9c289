import { cleanId, cleanText } from './clean'
import { type FunctionAnswer, type FunctionAnswers, refusal } from './function'

// Dynamic configuration, for agents from 2 on: one configuration that people see and change on the dashboard. The agent
// keeps what was set, and sends it again after each start.

/** What can be asked of it. Each throws, or rejects, where this is a fault of ours. */
export interface ConfigurationActions {
  /** `{"jsonSchema": …, "uiSchema": …}` */
  schema(): string
  /** JSON of the configuration in use. */
  get(): string
  /** Takes JSON into use, all of it or nothing. */
  update(payload: string): Promise<Updated>
  /** The same as the text of a file that a person can keep. */
  userconfig(payload: string): Promise<Updated & { readonly text?: string }>
}

/** What is wrong with it, for a person; undefined where nothing is. */
export interface Updated {
  readonly fault?: string
}

/**
 * Registers a configuration.
 *
 * @param id letters, digits, `_` and `:`
 * @param file where it is from: a file of the user's
 */
export function configurationLine(id: string, file: string): string {
  const source = /^[\w./-]+$/.test(file) ? file : `'${cleanText(file)}'`
  return `CONFIG ${id} create running single /collectors/${cleanId(id.split(':')[0] ?? '')} user ${source} 'schema get update userconfig' 0 0\n`
}

/** Answers `config <id> <action>`, which agents call like a function. */
export function configurationAnswers(id: string, actions: ConfigurationActions): FunctionAnswers {
  return ({ words: [, which, action = ''], payload = '' }) => {
    if (which !== id) return refusal(404, `there is no configuration "${which ?? ''}"`)
    if (action === 'schema' || action === 'get') return json(`${actions[action]()}\n`)
    if (action === 'update') {
      return actions.update(payload).then(({ fault }) => (fault === undefined ? DONE : refusal(400, fault)))
    }
    if (action === 'userconfig') {
      return actions
        .userconfig(payload)
        .then(({ fault, text = '' }) =>
          fault === undefined ? { ...json(text), type: 'application/yaml' } : refusal(400, fault),
        )
    }
    return refusal(400, `there is no action "${action}"`)
  }
}

const DONE = json('{"status":200,"message":"in use"}\n')

function json(body: string): FunctionAnswer {
  return { status: 200, body, goodFor: 0 }
}
