import { existsSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { version } from '../package.json'
import { checkConfig } from '../plugin/config/check'
import { messageOf, oneLine } from '../plugin/message'
import { endPlugin, reloadHealth } from './agent/control'
import { findAgent, findProvedAgent, type ProvedAgent } from './agent/find'
import { USUAL_URL } from './agent/running'
import type { Where } from './agent/where'
import { doctor } from './doctor/doctor'
import { explainCommand } from './explain/explain'
import { grant, grantOptions, revoke } from './grant/grant'
import { actOut } from './grant/self-test-acts'
import { HOME } from './install/command-files'
import { install } from './install/install'
import { installIntoDirectory } from './install/install-into'
import { uninstall } from './install/uninstall'
import { record } from './record/record'
import { recordingsCommand } from './record/recordings'
import { isUsageError, UsageError } from './usage-error'

// The command for people. It ends with 0 when all is well, 1 when something is wrong, 2 when it was called wrongly.

const USAGE = `Usage: tcp-resets install [--dry-run] [--guides-url URL] [--tracing | --no-tracing]
                          [--recording | --no-recording]
                            install or upgrade the plugin, its alarms and its guides
       tcp-resets install --into DIR [--dry-run] [--guides-url URL]
                            put the files into a container's root, into what is mounted there as /etc/netdata, or
                            as a layer of an image into an empty directory; starts nothing
       tcp-resets uninstall [--into DIR] [--dry-run]
                            take back what install did, and keep what you have edited
       tcp-resets doctor [--json]
                            check that all of it works, and say what to do where it does not
       tcp-resets reload    make Netdata read the alarms and start the plugin again, with its configuration
       tcp-resets check-config [FILE]
                            check the configuration of the plugin
       tcp-resets explain FILE... | - | --live
                            say of the TCP resets in a capture when they came, who sent them and what to do;
                            tcp-resets explain --help has its options
       tcp-resets grant [--tracepoints-only]
                            let Netdata's group read which TCP resets the kernel sends and receives, until the next boot
       tcp-resets revoke    take that back
       tcp-resets recordings [show ID [OPTION...]]
                            what was recorded when a burst began; OPTION is one of explain's
       tcp-resets record    record what the plugin has asked for; started by systemd when there is something
       tcp-resets --version | --help

Netdata is found by what a running one says, else by its files. To say where it is:
       --netdata-prefix DIR  where it is installed (/, /opt/netdata, /usr/local)
       --url URL             where it answers (http://127.0.0.1:19999); https: and unix:/path/to/its.sock as well

       --guides-url URL      what the addresses of the guides in notices begin with: https://netdata.example/netdata
       --tracepoints-only    leave the dynamic events out: fewer resets, and not of which container
       --tracing             let Netdata read which resets the kernel traces; what root with systemd does unless --no-tracing
       --recording           record the headers of people's traffic when a burst begins; off unless asked for
`

const OPTIONS = {
  'dry-run': { type: 'boolean' },
  'guides-url': { type: 'string' },
  tracing: { type: 'boolean' },
  'no-tracing': { type: 'boolean' },
  recording: { type: 'boolean' },
  'no-recording': { type: 'boolean' },
  'tracepoints-only': { type: 'boolean' },
  json: { type: 'boolean' },
  'netdata-prefix': { type: 'string' },
  url: { type: 'string' },
  into: { type: 'string' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const AGENT = ['netdata-prefix', 'url']
/** The options that each command takes. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  install: ['dry-run', 'guides-url', 'tracing', 'no-tracing', 'recording', 'no-recording', 'into', ...AGENT],
  uninstall: ['dry-run', 'into', ...AGENT],
  doctor: ['json', ...AGENT],
  reload: AGENT,
  'check-config': AGENT,
  grant: ['tracepoints-only'],
  revoke: [],
  // What `grant` runs in a network namespace of its own.
  'self-test': [],
}

/** Lines for the person; what others said in them can't steer the terminal. */
const say = (text: string): void => {
  writeSync(1, `${text.split('\n').map(oneLine).join('\n')}\n`)
}

/** Where the built tree is: this command is in its `bin`. */
const dist = dirname(__dirname)

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  if (args[0] === 'explain') return explainCommand(args.slice(1))
  // The agent's user has to get through the directories that are made here, whatever root keeps from others.
  process.umask(0o022)
  if (args[0] === 'recordings') return recordingsCommand(args.slice(1), say)
  if (args[0] === 'record' && args.length === 1) return record(__filename, say)
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
  const [command = '', file, ...rest] = positionals
  if (values.help || values.version) {
    writeSync(1, values.help ? USAGE : `${version}\n`)
    return 0
  }
  const takesFile = command === 'check-config'
  const taken = Object.keys(values).every(name => TAKES[command]?.includes(name))
  if (!taken || TAKES[command] === undefined || rest.length > 0 || (file !== undefined && !takesFile)) {
    writeSync(2, USAGE)
    return 2
  }
  if (command === 'self-test') return done(actOut())
  if (command === 'grant') return done(grantTracing(env, values['tracepoints-only'] ?? false))
  if (command === 'revoke') return done(revoke(grantOptions(env)))
  const where = {
    platform: process.platform,
    url: checkUrl(values.url ?? USUAL_URL, '--url'),
    prefix: values['netdata-prefix'],
  }
  if (takesFile)
    return checkConfig(
      file,
      await configEnvironment(env, where),
      join(dist, 'plugins.d', 'tcp_resets.plugin'),
    )
  if (command === 'reload') return reload(await findProvedAgent(where))
  if (command === 'doctor') return (await doctor(where, values.json ?? false, say)) ? 0 : 1
  const dryRun = values['dry-run'] ?? false
  const into = values.into === undefined ? undefined : resolve(values.into)
  if (command === 'uninstall') return (await uninstall({ ...where, dryRun, into }, say)) ? 0 : 1
  const guidesUrl = values['guides-url'] && checkUrl(values['guides-url'], '--guides-url')
  if (into !== undefined) {
    if (values.tracing || values.recording || values.url !== undefined)
      throw new UsageError(
        '--into starts nothing and asks nobody: leave --tracing, --recording and --url out',
      )
    installIntoDirectory(
      { dist, into, prefix: where.prefix, platform: where.platform, dryRun, guidesUrl },
      say,
    )
    return 0
  }
  const tracing = values['no-tracing'] ? false : values.tracing
  const recording = values['no-recording'] ? false : values.recording
  return (await install({ ...where, dist, dryRun, guidesUrl, tracing, recording }, say)) ? 0 : 1
}

async function done(act: Promise<void>): Promise<number> {
  await act
  return 0
}

/** What may be read, by whom and where is in the environment: so the unit of the grant can say it. */
async function grantTracing(env: NodeJS.ProcessEnv, tracepointsOnly: boolean): Promise<void> {
  const options = grantOptions(env)
  if (process.getuid?.() !== 0) throw new Error('this needs root')
  await grant(options, [process.execPath, __filename, 'self-test'], tracepointsOnly, line => {
    writeSync(2, `tcp-resets: ${line}\n`)
  })
}

/**
 * What tells where the configuration is. In a built tree that is beside this command; of one that is installed, the agent
 * knows.
 */
async function configEnvironment(env: NodeJS.ProcessEnv, where: Where): Promise<NodeJS.ProcessEnv> {
  if (env.NETDATA_STOCK_CONFIG_DIR || (dist !== HOME && existsSync(join(dist, 'conf.d')))) return env
  const { layout } = await findAgent(where)
  return { NETDATA_STOCK_CONFIG_DIR: layout.stockConf, NETDATA_USER_CONFIG_DIR: layout.userConf }
}

function reload(agent: ProvedAgent): number {
  if (agent.conf === undefined)
    throw new Error(
      `no Netdata of this machine answers at ${agent.url}${agent.doubt ? `: ${agent.doubt}` : ''}`,
    )
  if (!reloadHealth(agent)) throw new Error('the alarms could not be reloaded: this needs root')
  endPlugin(agent)
  return 0
}

/** The guides' address gets into a health file, and from there into notices of every kind. */
function checkUrl(url: string, option: string): string {
  if (option === '--url' && /^unix:\/[\w./~-]+$/.test(url)) return url
  if (URL.canParse?.(url) !== false && /^https?:\/\/[\w.:[\]/~-]+$/.test(url)) return url
  throw new UsageError(
    `${option}: expected an address like http://netdata.example:19999, found ${JSON.stringify(url)}`,
  )
}

main(process.argv.slice(2), process.env).then(
  code => process.exit(code),
  thrown => {
    writeSync(2, `tcp-resets: ${messageOf(thrown)}\n`)
    process.exit(isUsageError(thrown) ? 2 : 1)
  },
)
