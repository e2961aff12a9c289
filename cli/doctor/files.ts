import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync } from 'node:fs'
import { messageOf } from '../../plugin/message'
import { pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'
import { healthFile } from '../agent/layout'
import { canActAs, runAs } from '../agent/user'
import { fingerprintOf } from '../install/file'
import { type Manifest, readManifest } from '../install/manifest'
import { isPackaged } from '../install/packaged'
import { interrupted } from '../install/transaction'
import { type Finding, good, note, unknown, wrong } from './finding'
import { putAgain } from './put-again'

/** Whether the files are there, as they were put there, and the agent's user can run the plugin. */
export function checkFiles(agent: Agent): Finding[] {
  const [state, plugin] = [agent.layout.state, pluginFile(agent)]
  return [...checkInstallation({ root: '/', state, plugin, again: putAgain(agent) }), checkPlugin(agent)]
}

/** What was installed, here or into the files of a container. */
interface Installation {
  /** What stands for `/`. */
  readonly root: string
  /** Where the manifest is. */
  readonly state: string
  readonly plugin: string
  /** How a person puts the files there again. */
  readonly again: string
}

/** Whether the files are there, and as they were put there. */
export function checkInstallation({ root, state, plugin, again }: Installation): Finding[] {
  let manifest: Manifest | undefined
  try {
    if (interrupted(state)) return [wrong('files', `an installation was interrupted, see ${state}`, again)]
    manifest = readManifest(state, root)
  } catch (thrown) {
    return [wrong('files', messageOf(thrown), again)]
  }
  if (manifest === undefined && isPackaged(root, plugin)) return checkPackage(root, again)
  if (manifest === undefined)
    return [note('files', `no manifest in ${state}: the files were put there by hand, or by something else`)]
  const files = Object.entries(manifest.files)
  const gone = files.filter(([path]) => !lstatSync(path, { throwIfNoEntry: false })).map(([path]) => path)
  if (gone.length > 0) return [wrong('files', `gone: ${gone.join(', ')}`, again)]
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

/** What dpkg finds changed since it put them there: dpkg(1), --verify. */
function checkPackage(root: string, again: string): Finding[] {
  const { status, stdout } = spawnSync('dpkg', ['--root', root, '--verify', 'netdata-tcp-resets'], {
    encoding: 'utf8',
  })
  if (status === null)
    return [unknown('files', 'those of the Debian package; dpkg does not say whether they are intact')]
  const of = (kind: RegExp): string => [...stdout.matchAll(kind)].map(([, path]) => path).join(', ')
  const gone = of(/^missing +(?:c )?(\/.*)$/gm)
  const broken = of(/^\?\S+ +(\/.*)$/gm)
  const edited = of(/^\?\S+ c (\/.*)$/gm)
  const faults = [gone && `gone: ${gone}`, broken && `not as they are in the package: ${broken}`].filter(
    Boolean,
  )
  return [
    faults.length > 0
      ? wrong('files', faults.join('; '), again)
      : good('files', 'those of the Debian package, all there'),
    ...(edited ? [note('files', `edited since, and kept by upgrades: ${edited}`)] : []),
  ]
}

function checkPlugin(agent: Agent): Finding {
  const plugin = pluginFile(agent)
  const { user, path } = agent
  if (!existsSync(plugin)) return wrong('plugin', `no ${plugin}`, putAgain(agent))
  if (!existsSync(healthFile(agent.layout))) {
    return wrong('plugin', 'its health.d/tcp_resets.conf is missing', putAgain(agent))
  }
  if (user === undefined) return wrong('plugin', 'this machine has no user netdata', 'install Netdata again')
  if (!canActAs(user))
    return unknown('plugin', `whether ${user.name} can run ${plugin}: run this as root or as ${user.name}`)
  return runAs(user, path, ['test', '-r', plugin, '-a', '-x', plugin]).status === 0
    ? good('plugin', `${user.name} can run ${plugin}`)
    : wrong(
        'plugin',
        `${user.name} can't run ${plugin}`,
        `chmod 755 ${plugin}, and check the directories above it`,
      )
}
