import t, { type Test } from 'tap'
import { createLog } from '../../plugin/log'
import { grantWatch } from '../../plugin/tracing/grant-watch'
import type { Trace } from '../../plugin/tracing/trace'

// The trace is made up: a grant of the kernel that runs is in collector.test.ts.

function watched(t: Test, { blind = [] }: { readonly blind?: readonly string[] } = {}) {
  const folder = t.testdir({})
  const state = { granted: false, there: true, on: true, opened: 0, closed: 0 }
  const lines: string[] = []
  const told: boolean[] = []
  const open = (): Trace => {
    if (!state.granted) throw new Error('ENOENT')
    state.opened++
    return {
      streams: [],
      received: undefined,
      isWhole: true,
      hasReasons: true,
      blind,
      isStillThere: () => state.there,
      isStillOn: () => state.on,
      close() {
        state.closed++
      },
    }
  }
  const log = createLog({}, line => lines.push(line.replace(/^.*?plugin /, '').replace(folder, 'DIR')))
  const watch = grantWatch(folder, log, isThere => told.push(isThere), open)
  return { watch, state, lines, told }
}

t.test('says once how to get it, and looks every five seconds', async t => {
  const { watch, state, lines, told } = watched(t)
  t.equal(watch.check(0), undefined)
  t.equal(watch.check(5000), undefined)
  t.strictSame(lines, [
    'INFO: tracing: no reasons and peers of resets: ENOENT. To get them, as root: tcp-resets grant\n',
  ])
  state.granted = true
  t.equal(watch.check(9999), undefined)
  t.equal(watch.check(10_000), watch.trace)
  t.ok(watch.trace)
  t.equal(watch.check(15_000), undefined, 'opened once')
  t.strictSame([state.opened, told], [1, [false, false, true]])
  t.strictSame(lines.slice(1), ['INFO: tracing: reading the reasons and peers of resets from DIR\n'])
})

t.test('files that are gone are noticed at once, what is switched off within five seconds', async t => {
  const { watch, state, lines } = watched(t)
  const gone = 'INFO: tracing: DIR is no longer granted; no reasons and peers until it is again\n'
  state.granted = true
  watch.check(0)
  state.granted = false
  state.there = false
  watch.check(1)
  t.equal(watch.trace, undefined)
  t.strictSame([state.closed, lines.at(-1)], [1, gone])

  Object.assign(state, { granted: true, there: true })
  t.ok(watch.check(5001), 'granted again')
  state.on = false
  watch.check(10_000)
  t.ok(watch.trace)
  state.granted = false
  watch.check(10_001)
  t.equal(watch.trace, undefined)
  t.strictSame([state.closed, lines.at(-1)], [2, gone])
})

t.test(
  'a fault: let go, opened anew at the next check, one line at its start and one at its end',
  async t => {
    const { watch, state, lines } = watched(t)
    state.granted = true
    watch.check(0)
    for (const now of [1, 5000, 10_000]) {
      watch.fail(new Error('EIO'))
      t.equal(watch.trace, undefined)
      watch.check(now)
    }
    t.equal(state.opened, 3)
    watch.works()
    t.strictSame(lines.slice(1), ['ERROR: tracing: EIO\n', 'NOTICE: tracing: works again\n'])
  },
)

t.test('a direction that another program reads', async t => {
  const { watch, state, lines } = watched(t, { blind: ['sent/trace_pipe: another program is reading it'] })
  state.granted = true
  watch.check(0)
  t.equal(lines.at(-1), 'WARNING: tracing: counts only: sent/trace_pipe: another program is reading it\n')
})
