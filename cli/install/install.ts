import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { version } from '../../package.json'
import { alarmNames } from '../agent/api'
import { pageAt, UNIX } from '../agent/ask'
import { endPlugin, hasSystemd, pluginFile, pluginPid, reloadHealth, restartCommand } from '../agent/control'
import { findProvedAgent, type ProvedAgent } from '../agent/find'
import { alarmsOff, dataOff } from '../agent/off'
import type { Where } from '../agent/where'
import { chooseNode } from './choose-node'
import { commandFiles } from './command-files'
import { readRegular } from './file'
import { giveGrant, grantFiles, revokeGrant } from './grant'
import { lock } from './lock'
import { type Manifest, readManifest } from './manifest'
import { refusePackaged } from './packaged'
import { makePlan, ownFiles } from './plan'
import { recordingFiles, startRecording, stopRecording } from './recording'
import { change, recover } from './transaction'
import { waitForData } from './wait'
import { refuseDamaged } from './whole'
import { refuseOthers } from './whose'

export interface InstallOptions extends Where {
  /** The built tree. */
  readonly dist: string
  readonly dryRun: boolean
  /** The addresses of the guides in the alarms begin with this; undefined where nobody said, now or before. */
  readonly guidesUrl: string | undefined
  /** Whether to give the tracing grant; undefined: as root with systemd, which can renew it at every boot. */
  readonly tracing: boolean | undefined
  /** Whether bursts are to be recorded; undefined: as before, and not at first. */
  readonly recording: boolean | undefined
}

/**
 * Installs or upgrades, and sees to it that it works.
 *
 * @param say gets the lines for the person
 * @returns whether all is well
 * @throws where nothing could be changed, or nothing was
 */
export async function install(options: InstallOptions, say: (line: string) => void): Promise<boolean> {
  refuseDamaged(options.dist)
  if (options.recording && !hasSystemd())
    throw new Error('--recording needs a running systemd: docs/recordings.md says how to do without')
  const agent = await findProvedAgent(options)
  say(`Netdata: found by ${agent.layout.from}`)
  if (agent.doubt) say(`What answers at ${agent.url} is not believed: ${agent.doubt}`)
  refusePackaged('/', pluginFile(agent))
  if (options.dryRun) return installInto(agent, options, [], say)
  const held = lock(agent.layout.state)
  try {
    return await installInto(agent, options, held.made, say)
  } finally {
    held.release()
  }
}

/** @param made directories that were made for it already */
async function installInto(
  agent: ProvedAgent,
  options: InstallOptions,
  made: readonly string[],
  say: (line: string) => void,
): Promise<boolean> {
  const { layout, url } = agent
  if (!options.dryRun) {
    const recovered = recover(layout.state)
    if (recovered) say(`First: ${recovered}`)
  }
  const before = readManifest(layout.state)
  const said = options.guidesUrl ?? before?.guidesUrl
  const guidesUrl = said ?? (agent.conf === undefined ? undefined : guessGuidesUrl(agent, say))
  const node = chooseNode(agent, options.dist)
  say(node.note)
  const isRoot = process.getuid?.() === 0
  const traced =
    options.platform === 'linux' &&
    (options.tracing ?? (before?.grant !== undefined || (isRoot && hasSystemd())))
  const grant = traced ? grantFiles(options.dist, hasSystemd(), agent.user?.gid) : []
  const how: Manifest['grant'] = grant.length > 0 ? (hasSystemd() ? 'systemd' : 'until-boot') : undefined
  if (options.tracing && how === undefined) say('Tracing: this build has no grant to give')
  const recorded = options.recording ?? before?.recording !== undefined
  const wanted = [
    ...ownFiles(options.dist, layout, guidesUrl),
    ...(node.pin ? [{ ...node.pin, ifEdited: 'theirs-beside' as const }] : []),
    ...commandFiles(options.dist, '/', node.pin),
    ...grant,
    ...(recorded ? recordingFiles(options.dist, agent.user?.gid) : []),
  ]
  const also = {
    version,
    ...(said !== undefined && { guidesUrl: said }),
    ...(how !== undefined && { grant: how }),
    ...(recorded && { recording: 'systemd' as const }),
  }
  const plan = makePlan(wanted, layout.state, before, also, made)
  // Netdata's user may own what is no program: guides, and in Netdata's image the stock configuration.
  const isData = (path: string): boolean =>
    [layout.web, layout.stockConf].some(dir => path.startsWith(join(dir, '/')))
  for (const path of [...plan.put.map(file => file.path), ...plan.remove])
    if (!isData(path)) refuseOthers(path)
  for (const { path, mode } of plan.put)
    say(`  ${options.dryRun ? 'would write' : 'write'} ${path} (${mode.toString(8)})`)
  for (const path of plan.remove) say(`  ${options.dryRun ? 'would remove' : 'remove'} ${path}`)
  plan.notes.forEach(say)
  if (options.dryRun) return true

  if (before?.grant && how === undefined) revokeGrant(before.grant)
  if (before?.recording && !recorded) stopRecording()
  change(layout.state, plan)
  say(
    `Installed ${version}${before ? ` over ${before.version}` : ''}; ${layout.state}/manifest.json lists everything`,
  )

  const refused = how && giveGrant(agent, how)
  if (how) say(refused ? `Tracing was not granted: ${refused}` : `Tracing is granted (${how})`)
  const unrecorded = recorded ? startRecording() : undefined
  if (recorded) say(unrecorded ? `Bursts are not recorded: ${unrecorded}` : 'Bursts are recorded')
  const granted = refused === undefined && unrecorded === undefined
  if (agent.conf === undefined) {
    say(
      `No Netdata of this machine answers at ${url}. Start it, or name its address with --url; then: tcp-resets doctor`,
    )
    return granted
  }
  const since = Math.floor(Date.now() / 1000) + 1
  const ended = endPlugin(agent)
  if (!reloadHealth(agent)) say('The alarms could not be reloaded: run netdatacli reload-health')
  say('Waiting for data and alarms; Netdata looks for new plugins once a minute')
  const health = readRegular(join(layout.userConf, 'health.d', 'tcp_resets.conf')).toString()
  const names = alarmNames(health, options.platform)
  const missing = await waitForData(agent, { names, since, ended })
  if (missing.length > 0) {
    say(`Still missing: ${missing.join('; ')}. Netdata does not restart a plugin that it gave up on`)
    say(`until it is restarted itself: ${restartCommand()}. Then: tcp-resets doctor`)
    return false
  }
  const [noData, noAlarms] = [dataOff(agent), alarmsOff(agent)]
  if (noData !== undefined) say(`The plugin runs (process ${pluginPid(agent)}). Data: ${noData}`)
  else say(noAlarms === undefined ? 'Data and alarms are there.' : 'Data is there.')
  if (noAlarms !== undefined && noAlarms !== noData) say(`Alarms: ${noAlarms}`)
  const web = url.startsWith(UNIX) ? undefined : url
  if (web !== undefined && noData === undefined) say(`  chart   ${pageAt(web, '/#menu_ipv4_submenu_tcp')}`)
  const guides = said ?? web
  if (guides !== undefined) say(`  guides  ${pageAt(guides, '/guides/tcp/index.html')}`)
  if (
    existsSync(join(layout.web, 'dashboard_info.js')) &&
    !agent.conf.get('web')?.get('custom dashboard_info.js')
  )
    say(`With this line under [web] in netdata.conf, this dashboard turns the guides' addresses into links, from the agent's next start on:
  custom dashboard_info.js = guides/tcp/dashboard.js`)
  return granted
}

/** What a notice can name where nobody said how people reach this Netdata. */
function guessGuidesUrl({ conf, url }: ProvedAgent, say: (line: string) => void): string | undefined {
  if (url.startsWith(UNIX)) return undefined
  const { protocol, port } = new URL(url)
  const guess = `${protocol}//${hostname()}${port && `:${port}`}`
  say(
    `Notices will name the guides at ${guess}, a guess. If people reach Netdata at another address: --guides-url URL`,
  )
  const binds = conf?.get('web')?.get('bind to')?.split(/\s+/) ?? []
  if (binds.length > 0 && binds.every(bind => /^(127\.|localhost|::1|\[::1\]|unix:)/.test(bind)))
    say('  It answers only on this machine, so nobody reaches it from elsewhere except through a proxy')
  return guess
}
