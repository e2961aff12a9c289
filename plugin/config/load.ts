import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { messageOf } from '../message'
import type { Config, PartialConfig } from './config'
import { stockConfig, stockText } from './generated/stock'

/** No configuration of a person is as long as this. */
const MAX_BYTES = 256 * 1024
/** Of a file that is something else altogether, every line is wrong. */
const MAX_FAULTS = 20

/** What came of one file: what it sets, and what is wrong with it, one line each with file, line and column. */
export interface LoadedFile {
  readonly config: PartialConfig
  readonly faults: readonly string[]
}

/**
 * Reads and checks one configuration file. A file with a fault sets nothing.
 *
 * @returns undefined where there is no such file
 */
export async function loadFile(path: string): Promise<LoadedFile | undefined> {
  let file: number | undefined
  let text: string
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) // a pipe is not waited for
    const stat = fstatSync(file)
    if (!stat.isFile()) return { config: {}, faults: [`${path}: expected a file, found something else`] }
    if (stat.size > MAX_BYTES) {
      return { config: {}, faults: [`${path}: expected at most ${MAX_BYTES} bytes, found ${stat.size}`] }
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return { config: {}, faults: [`${path}: ${messageOf(error)}`] }
  } finally {
    if (file !== undefined) closeSync(file)
  }
  if (text === stockText) return { config: stockConfig, faults: [] }
  // Loaded only here: with no configuration of the user's, the parser costs neither time nor memory.
  const { parseConfig } = await import('./parse')
  const parsed = parseConfig(text)
  if ('config' in parsed) return { config: parsed.config, faults: [] }
  const faults = parsed.faults.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`)
  const more = faults.splice(MAX_FAULTS).length
  return { config: {}, faults: more === 0 ? faults : [...faults, `${path}: and ${more} more`] }
}

/**
 * What the files say: the stock file, over it the user's, key by key. Where a file is missing or wrong, it is the rest.
 *
 * @param kept what goes on instead where a file is wrong: a change that fails changes nothing
 */
export async function loadConfig(
  stockPath: string,
  userPath: string | undefined,
  kept?: Config,
): Promise<{ config: Config; faults: readonly string[] }> {
  const stock = await loadFile(stockPath)
  const user = userPath === undefined ? undefined : await loadFile(userPath)
  const faults = [...(stock?.faults ?? []), ...(user?.faults ?? [])]
  if (kept !== undefined && faults.length > 0) {
    return { config: kept, faults: [...faults, 'the configuration stays as it was'] }
  }
  return {
    config: over(over(stockConfig, stock?.config), user?.config),
    faults: [...faultsOf(stockPath, stock, 'the built-in one'), ...faultsOf(userPath, user, 'the stock one')],
  }
}

/** Key by key, also within a section. */
export function over(config: Config, file: PartialConfig | undefined): Config {
  return Object.freeze({
    ...config,
    ...file,
    namespaces: Object.freeze({ ...config.namespaces, ...file?.namespaces }),
    tracing: Object.freeze({ ...config.tracing, ...file?.tracing }),
  })
}

function faultsOf(path: string | undefined, file: LoadedFile | undefined, instead: string): string[] {
  if (file === undefined || file.faults.length === 0) return []
  return [...file.faults, `${path}: not used, running on ${instead}`]
}
