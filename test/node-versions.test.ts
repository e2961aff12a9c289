import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { version } from '../package.json'
import { nodeFolder, OLD_NODES, SUPPORTED_NODES } from '../scripts/node-binaries'
import { collections, plugin, startPlugin } from './built-plugin'

// The built plugin on the real Node of each release line.

const NOT_HERE = 'the npm registry has no such Node for this machine, or could not be reached'

for (const nodeVersion of SUPPORTED_NODES) {
  const PATH = nodeFolder(nodeVersion)
  t.test(`runs on Node ${nodeVersion}`, { skip: PATH === undefined && NOT_HERE }, async t => {
    t.equal(execFileSync(join(`${PATH}`, 'node'), ['--version'], { encoding: 'utf8' }), `v${nodeVersion}\n`)
    t.equal(execFileSync(plugin, ['--version'], { encoding: 'utf8', env: { PATH } }), `${version}\n`)
    const dir = t.testdir({ 'tcp_resets.conf': 'update_every: 1 # so that YAML is read, too\n' })
    const running = startPlugin(t, { PATH, NETDATA_USER_CONFIG_DIR: dir })
    await running.until(stdout => collections(stdout) >= 2)
    running.child.stdin?.end()
    t.equal(await running.ended, 0)
    t.equal(running.stderr(), '')
  })
}

for (const nodeVersion of OLD_NODES) {
  const PATH = nodeFolder(nodeVersion)
  t.test(
    `refuses Node ${nodeVersion} with a clear word`,
    { skip: PATH === undefined && NOT_HERE },
    async t => {
      t.match(spawnSync(plugin, ['1'], { encoding: 'utf8', env: { PATH } }), {
        status: 1,
        stdout: 'DISABLE\n',
        stderr: new RegExp(
          `^tcp_resets\\.plugin needs Node\\.js 18 or later, and \\S+ is ${nodeVersion}\\n$`,
        ),
      })
    },
  )
}
