import { readFileSync } from 'node:fs'
import { AGENT_OPTIONS, OPTIONS, optionsOf, partsOf, WAYS } from '../cli/commands'
import { EXPLAIN_OPTIONS } from '../cli/explain/options'
import type { Options } from '../cli/option'

/**
 * The manual page, in mdoc(7).
 *
 * @param file a page with a comment `@SYNOPSIS@` or `@OPTIONS command@` wherever the ways to call the command or its
 * options belong
 */
export const manualOf = (file: string): string =>
  readFileSync(file, 'utf8').replace(/^\.\\" @(\w+) ?(\S*)@$/gm, (_, what: string, command: string) =>
    what === 'SYNOPSIS'
      ? WAYS.map(({ call }) => `.Nm\n${synopsis(call)}`).join('\n')
      : list(optionsFor(command)),
  )

/** Those of the agent go with so many commands that they are told of once. */
function optionsFor(command: string): Options {
  if (command === 'agent') return AGENT_OPTIONS
  if (command === 'explain') return EXPLAIN_OPTIONS
  const names = optionsOf(command)
  return Object.fromEntries(
    Object.entries(OPTIONS).filter(([name]) => names?.has(name) && !(name in AGENT_OPTIONS)),
  )
}

const synopsis = (call: string): string =>
  partsOf(call)
    .map(part => `${/^(\[|--|\w)/.test(part) ? '.' : ''}${part.split(' ').map(macro).join(' ')}`)
    .join('\n')

function macro(word: string): string {
  if (word.startsWith('[')) return `Op ${macro(word.slice(1))}`
  const bare = word.replace(/\]+$/, '')
  if (bare === '-' || bare === '|') return bare
  if (bare.startsWith('-')) return `Fl ${bare.slice(1)}`
  if (/^[A-Z]/.test(bare)) return `Ar ${bare.toLowerCase().replace('...', ' ...')}`
  return `Cm ${bare}`
}

function list(options: Options): string {
  const items = Object.entries(options).map(([name, { short, argument, help }]) => {
    const names = `${short ? `Fl ${short} , ` : ''}Fl -${name}${argument ? ` ${macro(argument)}` : ''}`
    const sentence = `${help.charAt(0).toUpperCase()}${help.slice(1).replace(/\.*$/, '')}.`
    return `.It ${names}\n${sentence.replaceAll('--', '\\-\\-')}`
  })
  return ['.Bl -tag -width Ds', ...items, '.El'].join('\n')
}
