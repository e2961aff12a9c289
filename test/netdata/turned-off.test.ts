import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { WATCH } from '../../cli/agent/api'
import { dist } from '../../scripts/build'
import { type Agent, findNetdata, startAgent } from '../../scripts/private-agent'

// A Parent, and a child whose plugin is turned off on purpose: the Parent forgets about it by itself.

const skip = findNetdata() === undefined && 'needs Netdata'
const KEY = '11111111-2222-3333-4444-555555555555'
const FROM_CHILDREN = `[${KEY}]\n  enabled = yes\n  default memory mode = ram\n  health enabled by default = yes\n  default postpone alarms on connect seconds = 1\n  allow from = *\n`

t.test('a plugin that is turned off in netdata.conf is not missed at the Parent', { skip }, async t => {
  const tree = mkdtempSync(join(tmpdir(), 'tcp-resets-tree-'))
  t.teardown(() => rmSync(tree, { recursive: true }))
  mkdirSync(join(tree, 'web'))
  symlinkSync(join(dist, 'health.d'), join(tree, 'health.d'))
  const parent = await startAgent({
    dist: tree,
    hostname: 'parent',
    stockCollectors: false,
    config: { health: { 'run at least every seconds': '1' } },
    files: { 'stream.conf': FROM_CHILDREN },
  })
  t.teardown(() => parent.stop())
  const lib = mkdtempSync(join(tmpdir(), 'tcp-resets-lib-')) // it is the same node as long as it has the same id
  t.teardown(() => rmSync(lib, { recursive: true }))
  const startChild = async (plugin: 'yes' | 'no'): Promise<Agent> => {
    const child = await startAgent({
      dist,
      hostname: 'web-1',
      user: 'root', // whose directory that is
      stockCollectors: false,
      config: { health: { enabled: 'no' }, directories: { lib }, plugins: { tcp_resets: plugin } },
      files: {
        'tcp_resets.conf': 'namespaces: { enabled: false }\n',
        'stream.conf': `[stream]\n  enabled = yes\n  destination = unix:${join(parent.dir, 'netdata.sock')}\n  api key = ${KEY}\n`,
      },
    })
    t.teardown(() => child.stop())
    return child
  }
  /** What the Parent makes of it; value: so many seconds ago was measured last, as of `last_updated`. */
  interface State {
    readonly name: string
    readonly status: string
    readonly value: number
    readonly last_updated: number
  }
  const waitFor = (what: string, wanted: (state: State) => boolean): Promise<State> =>
    parent.waitFor(
      what,
      async () => {
        const { status, body } = await parent.get('/host/web-1/api/v1/alarms?all')
        const { alarms = {} } = status === 200 ? JSON.parse(body) : {}
        const found = Object.values(alarms as Record<string, State>).find(({ name }) => name === WATCH)
        return found && wanted(found) ? found : undefined
      },
      90_000,
    )
  const measured = ({ last_updated, value }: State): number => last_updated - value

  const child = await startChild('yes')
  const first = await waitFor('the Parent watches over the measuring', ({ status }) => status === 'CLEAR')
  // One that ends within seconds of its agent's start can't be told from one of before.
  await waitFor('more was measured', state => measured(state) > measured(first) + 5)
  const plugin = child.pluginPid()
  t.ok(plugin, 'which goes on')
  process.kill(plugin as number, 'SIGKILL')
  await waitFor('it is missed', ({ status, value }) => status === 'WARNING' && value > 30)
  await child.stop()
  const turnedOff = await startChild('no')
  await waitFor('it is not missed any more', ({ status, value }) => status === 'CLEAR' && value > 30)
  t.equal(turnedOff.pluginPid(), undefined, 'though it does not run')
})
