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
import { OPTIONS, optionsOf, SELF_TEST, USAGE } from './commands'
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
  const taken = optionsOf(command)
  const fits = taken !== undefined && Object.keys(values).every(name => taken.has(name))
  if (!fits || rest.length > 0 || (file !== undefined && !takesFile)) {
    writeSync(2, USAGE)
    return 2
  }
  if (command === SELF_TEST) return done(actOut())
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
  const into = values.into === undefined ? undefined : resolve(values.into)
  if (into !== undefined && values.url !== undefined)
    throw new UsageError('--into contacts no agent: leave out --url')
  if (command === 'doctor') return (await doctor(where, into, values.json ?? false, say)) ? 0 : 1
  const dryRun = values['dry-run'] ?? false
  if (command === 'uninstall') return (await uninstall({ ...where, dryRun, into }, say)) ? 0 : 1
  const guidesUrl = values['guides-url'] && checkUrl(values['guides-url'], '--guides-url')
  if (into !== undefined) {
    if (values.tracing || values.recording)
      throw new UsageError('--into starts nothing: leave out --tracing and --recording')
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
  await grant(options, [process.execPath, __filename, SELF_TEST], tracepointsOnly, line => {
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
