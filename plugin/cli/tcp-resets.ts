import { writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { version } from '../../package.json'
import { messageOf } from '../message'
import { checkConfig } from './check-config'

// The command for people. It ends with 0 when all is well, 1 when something is wrong, 2 when it was called wrongly.

const USAGE = `Usage: tcp-resets check-config [FILE]  check the configuration of the plugin
       tcp-resets --version | --help
`

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { version: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  const [command, file, ...rest] = positionals
  if (values.help || values.version) {
    writeSync(1, values.help ? USAGE : `${version}\n`)
    return 0
  }
  if (command !== 'check-config' || rest.length > 0) {
    writeSync(2, USAGE)
    return 2
  }
  // The stock configuration lies where it does for the plugin, which is installed beside this command's folder.
  return checkConfig(file, env, join(dirname(__dirname), 'plugins.d', 'tcp_resets.plugin'))
}

main(process.argv.slice(2), process.env).then(
  code => process.exit(code),
  thrown => {
    writeSync(2, `tcp-resets: ${messageOf(thrown)}\n`)
    process.exit(2)
  },
)
