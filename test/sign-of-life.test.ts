import t from 'tap'
import type { Time } from '../plugin/clock'
import { withSignOfLife } from '../plugin/sign-of-life'

t.test('never silent for two minutes, and no word too many', async t => {
  const state = { ready: true, written: '', looks: [] as [delay: number, look: () => void][] }
  const time: Time = {
    wall: () => 0,
    monotonic: () => 0,
    in(delay, look) {
      state.looks.push([delay, look])
      return () => {}
    },
  }
  const out = withSignOfLife(
    {
      ready: () => state.ready,
      write(text) {
        state.written += text
      },
    },
    () => 'HERE\n',
    time,
  )
  const pass = () => {
    const [delay = Number.NaN, look] = state.looks.shift() ?? []
    t.ok(delay * 2 < 120_000, 'it looks again and again')
    look?.()
  }
  out.write('BEGIN\n')
  pass()
  t.equal(state.written, 'BEGIN\n', 'something was said')
  out.write('')
  pass()
  t.equal(state.written, 'BEGIN\nHERE\n', 'nothing was')
  pass()
  t.equal(state.written, 'BEGIN\nHERE\nHERE\n', 'nor since')
  state.ready = false
  pass()
  t.equal(state.written, 'BEGIN\nHERE\nHERE\n', 'an agent that does not read is not written to')
  t.equal(out.ready(), false)
})
