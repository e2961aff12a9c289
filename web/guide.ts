import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import { parse } from 'yaml'

/** What the front matter of a guide says. */
export interface FrontMatter {
  /** The alarm that the guide belongs to; absent on pages that several guides share. */
  readonly alarm?: string
  readonly title: string
  readonly severity?: 'warning' | 'critical'
  readonly platforms: readonly Platform[]
  /** Where what it says comes from. */
  readonly sources: readonly string[]
}

export type Platform = 'linux' | 'freebsd'

export interface Guide extends FrontMatter {
  /** The file's name without its ending; an alarm's guide is named for its alarm. */
  readonly name: string
  /** The file, for messages. */
  readonly path: string
  readonly markdown: string
}

const check = new Ajv({ allErrors: true }).compile<FrontMatter>({
  type: 'object',
  additionalProperties: false,
  required: ['title', 'platforms', 'sources'],
  dependencies: { alarm: ['severity'] },
  properties: {
    alarm: { type: 'string' },
    title: { type: 'string', minLength: 1 },
    severity: { enum: ['warning', 'critical'] },
    platforms: { type: 'array', minItems: 1, items: { enum: ['linux', 'freebsd'] } },
    sources: { type: 'array', minItems: 1, items: { type: 'string' } },
  },
})

/**
 * Reads every guide of a folder.
 *
 * @throws naming the file whose front matter is missing or wrong
 */
export function readGuides(folder: string): Guide[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.md'))
    .sort()
    .map(file => {
      const path = join(folder, file)
      return parseGuide(readFileSync(path, 'utf8'), path, file.slice(0, -'.md'.length))
    })
}

/**
 * The guide that a file's text holds.
 *
 * @throws naming the file whose front matter is missing or wrong
 */
export function parseGuide(text: string, path: string, name: string): Guide {
  const parts = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text)
  if (parts === null) throw new Error(`${path}: expected front matter between two lines of ---`)
  const front = frontMatter(parts[1] ?? '', path)
  if (!check(front)) {
    const faults = check.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`.trim())
    throw new Error(`${path}: front matter: ${faults?.join('; ')}`)
  }
  if (front.alarm !== undefined && front.alarm !== name) {
    throw new Error(`${path}: is the guide of ${front.alarm}, so its file must be ${front.alarm}.md`)
  }
  return { ...front, name, path, markdown: parts[2] ?? '' }
}

function frontMatter(yaml: string, path: string): unknown {
  try {
    return parse(yaml)
  } catch (error) {
    throw new Error(`${path}: front matter: ${error instanceof Error ? error.message : error}`)
  }
}
