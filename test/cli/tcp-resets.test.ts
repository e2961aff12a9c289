import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { version } from '../../package.json'

const command = join(__dirname, '..', '..', 'dist', 'bin', 'tcp-resets')
const invalid = join(__dirname, '..', 'config', 'invalid')

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  })
  return { status, stdout, stderr }
}

t.test('checks a file, and the files that the plugin would use', async t => {
  t.match(run(['check-config']), {
    status: 0,
    stdout: /dist\/conf\.d\/tcp_resets\.conf: good\n$/,
    stderr: '',
  })
  const bad = join(invalid, 'wrong-type.conf')
  t.match(run(['check-config', bad]), {
    status: 1,
    stdout: '',
    stderr: `${bad}:2:15: update_every: expected`,
  })
  const dir = t.testdir({ 'tcp_resets.conf': 'colour: red\n' })
  const user = run(['check-config'], { NETDATA_USER_CONFIG_DIR: dir })
  t.match(user, { status: 1, stdout: /good\n$/, stderr: `${dir}/tcp_resets.conf:1:1: unknown key "colour"` })
  t.match(run(['check-config'], { NETDATA_USER_CONFIG_DIR: '/nowhere' }), { status: 0, stderr: '' })
})

t.test('version and help, and a word where it was called wrongly', async t => {
  t.match(run(['--version']), { status: 0, stdout: `${version}\n` })
  t.match(run(['--help']), { status: 0, stdout: /^Usage: tcp-resets/ })
  for (const args of [[], ['no-such'], ['check-config', 'a', 'b'], ['--no-such']]) {
    t.match(run(args), { status: 2, stdout: '', stderr: /tcp-resets/ }, args.join(' '))
  }
})
