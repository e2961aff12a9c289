import type { ErrorObject } from 'ajv'
import {
  type Document,
  isMap,
  isNode,
  isPair,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import { messageOf, oneLine } from '../message'
import type { ConfigFault, PartialConfig } from './config'
import validate from './generated/validate'
import schema from './schema.json'

const MAX_SHOWN = 60
/** The YAML parser repeats what it stumbles over, however long that is. */
const MAX_MESSAGE = 300

/**
 * Reads the YAML text of a configuration file. Any key may be left out; anything that is there must be right.
 *
 * @returns either the configuration, or everything that is wrong, in the order of the file
 */
export function parseConfig(text: string): { config: PartialConfig } | { faults: ConfigFault[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const faultAt = (offset: number, message: string): ConfigFault => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col, message: shortened(oneLine(message), MAX_MESSAGE) }
  }

  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0)
    return { faults: broken.map(error => faultAt(error.pos[0], describeYaml(error, text))) }

  let value: unknown
  try {
    value = document.toJS() ?? {}
  } catch (error) {
    // Only now does it show that an alias has no anchor, or that aliases of aliases grow without bound.
    return { faults: [faultAt(offsetOfBadAlias(document), `broken YAML: ${messageOf(error)}`)] }
  }
  if (validate(value)) return { config: value }
  const faults = (validate.errors ?? []).map(error => describe(error, document.contents, faultAt))
  return { faults: faults.sort((a, b) => a.line - b.line || a.column - b.column) }
}

function describeYaml({ code, message, pos }: YAMLError, text: string): string {
  const found = shown(text.slice(pos[0]).split('\n', 1)[0] ?? '')
  if (code === 'DUPLICATE_KEY') return `duplicate key, expected every key once, found ${found}`
  if (code === 'MULTIPLE_DOCS') return `broken YAML: expected one document, found ${found}`
  return `broken YAML: ${message}, found ${found}`
}

function offsetOfBadAlias(document: Document): number {
  let offset = 0
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined
      offset = alias.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return offset
}

function describe(
  error: ErrorObject,
  root: Node | null,
  faultAt: (offset: number, message: string) => ConfigFault,
): ConfigFault {
  const path = error.instancePath.split('/').slice(1)
  if (error.keyword === 'additionalProperties') {
    const unknown = String(error.params.additionalProperty)
    const known = Object.keys(schemaOf(path)?.properties ?? {}).join(', ')
    const where = path.length === 0 ? '' : `${path.join('.')}: `
    return faultAt(
      offsetOf(root, [...path, unknown], 'key'),
      `${where}unknown key ${shown(unknown)}, expected one of: ${known}`,
    )
  }
  const found = isMap(root) ? root.getIn(path) : root
  const name = path.join('.')
  const expected = name === '' ? 'keys and values' : (schemaOf(path)?.description ?? error.message)
  return faultAt(
    offsetOf(root, path, 'value'),
    `${name === '' ? 'the file' : name}: expected ${expected}, found ${shown(isNode(found) ? found.toJSON() : found)}`,
  )
}

/** The part of the schema that one option, or a section of options, is described by. */
interface OptionSchema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, OptionSchema>>
}

function schemaOf(path: readonly string[]): OptionSchema | undefined {
  let part: OptionSchema | undefined = schema
  for (const step of path) part = part?.properties?.[step]
  return part
}

function offsetOf(root: Node | null, path: readonly string[], part: 'key' | 'value'): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const step of path) {
    if (!isMap(node)) break
    const pair = node.items.find(item => isPair(item) && String(item.key) === step)
    if (pair === undefined) break
    node = pair.value
    const place = part === 'key' || !isNode(node) ? pair.key : node
    if (isNode(place)) offset = place.range?.[0] ?? offset
  }
  return offset
}

function shown(value: unknown): string {
  return shortened(JSON.stringify(value) ?? String(value), MAX_SHOWN)
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}
