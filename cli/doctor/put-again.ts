import { version } from '../../package.json'
import { pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'
import { isPackaged } from '../install/packaged'

/** How a person puts files there again. dpkg leaves a configuration file that was removed away, unless it is told. */
export function putAgain(agent: Agent): string {
  return isPackaged('/', pluginFile(agent))
    ? `as root: dpkg --force-confmiss --install netdata-tcp-resets_${version}_all.deb`
    : 'as root: tcp-resets install'
}
