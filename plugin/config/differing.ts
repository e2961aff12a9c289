import type { Config } from './config'

/** The options in which two configurations differ. */
export function differing(one: Config, other: Config): string[] {
  const [mine, theirs] = [options(one), options(other)]
  return Object.keys(mine).filter(key => mine[key] !== theirs[key])
}

/** Each option by its name in messages: `tracing.function`. */
function options({ update_every, ...sections }: Config): Record<string, unknown> {
  const inSections = Object.entries(sections).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]) => [`${section}.${key}`, value]),
  )
  return { update_every, ...Object.fromEntries(inSections) }
}
