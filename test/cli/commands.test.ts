import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AGENT_OPTIONS, OPTIONS, optionsOf, partsOf, USAGE, WAYS } from '../../cli/commands'
import { EXPLAIN_OPTIONS } from '../../cli/explain/options'
import { wrap } from '../../cli/option'
import { dist } from '../../scripts/build'

const page = join(dist, 'man', 'man8', 'tcp-resets.8')
const manual = readFileSync(page, 'utf8')
const commands = [...new Set(WAYS.map(({ call }) => call.split(' ')[0] ?? ''))]

t.test('every option that a command takes is one, and every one is taken', async t => {
  const taken = new Set(commands.flatMap(command => [...(optionsOf(command) ?? [])]))
  taken.delete('live')
  t.same([...taken].sort(), Object.keys(OPTIONS).sort())
  t.equal(optionsOf('no-such'), undefined)
  t.same([...(optionsOf('reload') ?? [])], Object.keys(AGENT_OPTIONS))
  t.same([...(optionsOf('self-test') ?? [])], [], 'takes none, and is in no help')
  t.notMatch(USAGE + manual, 'self-test')
})

t.test('the manual page has every command, and below it every option', async t => {
  t.notMatch(manual, /@[A-Z]+/)
  const described = manual.slice(manual.indexOf('.Sh DESCRIPTION'))
  for (const command of commands.filter(command => !command.startsWith('-'))) {
    const [, text = ''] = described.split(`.It Cm ${command}\n`)
    t.not(text, '', command)
    const own = text.slice(0, text.search(/^\.It Cm |^\.Pp$/m))
    const options = command === 'explain' ? Object.keys(EXPLAIN_OPTIONS) : [...(optionsOf(command) ?? [])]
    for (const option of options.filter(option => !(option in AGENT_OPTIONS)))
      t.match(own, new RegExp(`^\\.It (Fl . , )?Fl -${option}( Ar \\w+)?\\n[A-Z].*\\.$`, 'm'), option)
  }
  for (const option of Object.keys(AGENT_OPTIONS)) t.match(described, `.It Fl -${option} Ar `)
})

t.test(
  'the manual page is good mdoc, and its synopsis that of the help',
  { skip: spawnSync('man', ['--version']).status !== 0 && 'needs man' },
  async t => {
    const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', MANWIDTH: '1000' }
    const { stdout, stderr } = spawnSync('man', ['--local-file', '--warnings', page], {
      encoding: 'utf8',
      env,
    })
    t.equal(stderr, '')
    const shown = stdout
      .replaceAll('‐', '-')
      .split('\n')
      .map(line => line.trim())
    for (const { call } of WAYS) {
      const line = `tcp-resets ${call.replace(/[A-Z]+(?=[\].]|$| )/g, word => word.toLowerCase()).replaceAll('...', ' ...')}`
      t.ok(shown.includes(line), line)
    }
  },
)

t.test('parts in brackets stay whole, and lines have an end', async t => {
  t.same(partsOf('show [a | b] [c [D...]] E'), ['show', '[a | b]', '[c [D...]]', 'E'])
  const lines = wrap('  --x', Array(40).fill('[--option]'), 8).split('\n')
  t.ok(lines.length > 1 && lines.every(line => line.length <= 110))
  t.ok(lines.slice(1).every(line => line.startsWith('        [')))
  t.equal(lines.join(' ').match(/\[--option\]/g)?.length, 40)
})
