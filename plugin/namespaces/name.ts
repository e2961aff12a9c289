import { cleanId } from '../netdata/clean'

/** Ids with a meaning of their own behind `ipv4.tcp_resets_`, and the name of the agent's own namespace. */
export const RESERVED_NAMES: readonly string[] = ['host', 'namespaces', 'others', 'traced']

/** Netdata's ids have 200 characters at most, and those of the charts are longer than the name. */
const MAX_LENGTH = 100

/** The name that a namespace gets when it is free: text from outside as part of a chart id. */
export function wantedName(text: string): string {
  return cleanId(text.slice(0, MAX_LENGTH))
}

/**
 * A name that no other namespace has.
 *
 * Where two namespaces want the same name, the one that asks later gets the inode of the namespace behind it: unlike
 * a running number it is the same after a restart of the plugin, and it lasts as long as the namespace.
 *
 * @param wanted as `wantedName` gives it
 * @param inode what tells the namespace from all others
 * @param taken whether another namespace has this name
 */
export function uniqueName(wanted: string, inode: number, taken: (name: string) => boolean): string {
  const free = (candidate: string): boolean => !taken(candidate) && !RESERVED_NAMES.includes(candidate)
  if (free(wanted)) return wanted
  let candidate = `${wanted}_${inode}`
  // Somebody called a container just like that.
  while (!free(candidate)) candidate += '_'
  return candidate
}
