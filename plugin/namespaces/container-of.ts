import { OWN_NAMESPACE } from '../charts/resets'
import { statInode } from './processes'

/** Excluded, too young, or one whose processes can't be seen. */
const NO_CHART = 'no chart of its own'

/**
 * Names network namespaces as the label `namespace` of their charts does.
 *
 * @param root where the host's root is mounted, `''` for `/`
 * @param nameOf that of any but the plugin's own
 * @returns takes the inode of a namespace's `net/stat`
 */
export function containerNames(
  root: string,
  nameOf: (statInode: number) => string | undefined,
): (statInode: number) => string {
  const ownInode = statInode(`${root}/proc`, '')
  return inode => (inode === ownInode ? OWN_NAMESPACE.labels.namespace : (nameOf(inode) ?? NO_CHART))
}
