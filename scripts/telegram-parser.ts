import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, fetchPackage } from './from-registry'

// Telegram's own library, which has the parser of its servers in it. It needs no network for that.

const name = `@prebuilt-tdlib/${process.platform}-${process.arch}-glibc`
const folder = join(CACHE, 'telegram')
const library = join(folder, 'node_modules', name, 'libtdjson.so')

/** The library; undefined where `fetchTelegramParser` did not get it. */
export function telegramParser(): string | undefined {
  return existsSync(library) ? library : undefined
}

/** Gets it from the npm registry if it is not there yet. */
export function fetchTelegramParser(): void {
  if (telegramParser() === undefined) fetchPackage(folder, name, '0.1008067.0')
}
