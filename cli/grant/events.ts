import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../plugin/message'
import type { Definition } from './definitions'

// The dynamic events of the kernel are one list for all who trace. Whatever is written is added to its end: a file that is
// opened to be written anew would take everybody's away.

const LIST = 'kprobe_events'
/** Namespaces that are told apart; what comes from more of them the kernel counts as dropped. */
const NAMESPACES = 4096

/**
 * Defines all of the events, or none.
 *
 * @throws where the kernel lacks a function or refuses a definition
 */
export function defineEvents(tracefs: string, group: string, definitions: readonly Definition[]): void {
  if (!existsSync(join(tracefs, LIST))) throw new Error('this kernel has no dynamic events')
  const lines = readFileSync(join(tracefs, 'available_filter_functions'), 'latin1').split('\n')
  for (const fn of new Set(definitions.map(definition => definition.fn))) {
    const found = lines.filter(line => line === fn || line.startsWith(`${fn} `)).length
    if (found !== 1) throw new Error(`${fn}() ${found === 0 ? 'cannot be traced' : 'exists more than once'}`)
  }
  try {
    for (const { name, fn, fields } of definitions)
      add(tracefs, `p:${group}/${name} ${fn} ${fields.join(' ')}`)
  } catch (thrown) {
    removeEvents(tracefs, group)
    throw thrown
  }
}

/** Removes the events of a group, which no instance may use any more. */
export function removeEvents(tracefs: string, group: string): void {
  for (const name of eventsOf(tracefs, group)) add(tracefs, `-:${group}/${name}`)
}

/** The names of the events of a group. */
export function eventsOf(tracefs: string, group: string): string[] {
  const path = join(tracefs, LIST)
  const list = existsSync(path) ? readFileSync(path, 'latin1') : ''
  return [...list.matchAll(/^p\d*:(\S+)\/(\S+) /gm)].flatMap(([, of, name = '']) =>
    of === group ? [name] : [],
  )
}

function add(tracefs: string, line: string): void {
  try {
    appendFileSync(join(tracefs, LIST), `${line}\n`)
  } catch (thrown) {
    throw new Error(`the kernel refuses "${line.slice(0, 60)}": ${messageOf(thrown)}`)
  }
}

/**
 * Switches the events of one direction on in an instance; received ones are also counted by namespace where the kernel can,
 * all of them in one table.
 *
 * @param namespace lets only events of that one through
 */
export function switchOn(
  instance: string,
  group: string,
  definitions: readonly Definition[],
  namespace?: number,
): void {
  for (const { name, direction, filter } of definitions) {
    const folder = join(instance, 'events', group, name)
    if (isOn(folder)) continue
    const all = [filter && `(${filter})`, namespace && `ino == ${namespace}`].filter(Boolean).join(' && ')
    if (all !== '') writeFileSync(join(folder, 'filter'), all)
    if (direction === 'received' && namespace === undefined && existsSync(join(folder, 'hist')))
      writeFileSync(join(folder, 'trigger'), `hist:name=${group}:keys=ino:size=${NAMESPACES} if ${all}`)
    writeFileSync(join(folder, 'enable'), '1')
  }
}

/** Whether an event is switched on. */
export function isOn(folder: string): boolean {
  const path = join(folder, 'enable')
  return existsSync(path) && readFileSync(path, 'latin1').startsWith('1')
}
