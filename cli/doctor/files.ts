import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../plugin/message'
import { pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'
import { canActAs, runAs } from '../agent/user'
import { fingerprintOf } from '../install/file'
import { type Manifest, readManifest } from '../install/manifest'
import { interrupted } from '../install/transaction'
import { type Finding, good, note, unknown, wrong } from './finding'

const INSTALL = 'as root: tcp-resets install'

/** Whether the files are there, as they were put there, and the agent's user can run the plugin. */
export function checkFiles(agent: Agent): Finding[] {
  return [...checkInstallation(agent.layout.state), checkPlugin(agent)]
}

function checkInstallation(state: string): Finding[] {
  let manifest: Manifest | undefined
  try {
    if (interrupted(state)) return [wrong('files', `an installation was interrupted, see ${state}`, INSTALL)]
    manifest = readManifest(state)
  } catch (thrown) {
    return [wrong('files', messageOf(thrown), INSTALL)]
  }
  if (manifest === undefined)
    return [note('files', `no manifest in ${state}: they are a package's, or were put there by hand`)]
  const files = Object.entries(manifest.files)
  const gone = files.filter(([path]) => !lstatSync(path, { throwIfNoEntry: false })).map(([path]) => path)
  if (gone.length > 0) return [wrong('files', `gone: ${gone.join(', ')}`, INSTALL)]
  const edited = files.filter(([path, print]) => fingerprintOf(path) !== print).map(([path]) => path)
  const beside = files.map(([path]) => path).filter(path => path.endsWith('.new'))
  return [
    good('files', `${files.length} of version ${manifest.version} are there, as listed in ${state}`),
    ...(edited.length > 0 ? [note('files', `edited since, and kept by upgrades: ${edited.join(', ')}`)] : []),
    ...(beside.length > 0
      ? [note('files', `of this version, and not in use: ${beside.join(', ')}`, 'merge them into yours')]
      : []),
  ]
}

function checkPlugin(agent: Agent): Finding {
  const plugin = pluginFile(agent)
  const { user, path } = agent
  if (!existsSync(plugin)) return wrong('plugin', `no ${plugin}`, INSTALL)
  if (!existsSync(join(agent.layout.userConf, 'health.d', 'tcp_resets.conf'))) {
    return wrong('plugin', 'its health.d/tcp_resets.conf is missing', INSTALL)
  }
  if (user === undefined) return wrong('plugin', 'this machine has no user netdata', 'install Netdata again')
  if (!canActAs(user))
    return unknown('plugin', `whether ${user.name} can run ${plugin}: run this as root or as ${user.name}`)
  return runAs(user, path, ['test', '-r', plugin, '-a', '-x', plugin]).status === 0
    ? good('plugin', `${user.name} can run ${plugin}`)
    : wrong(
        'plugin',
        `${user.name} can't run ${plugin}`,
        `chmod 755 ${plugin}, and see to the directories above it`,
      )
}
