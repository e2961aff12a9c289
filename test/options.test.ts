import t from 'tap'
import { parseOptions } from '../plugin/options'

t.test('what Netdata and people type', async t => {
  t.strictSame(parseOptions(['1'], undefined), { command: 'run', interval: 1 })
  t.strictSame(parseOptions(['5'], '1'), { command: 'run', interval: 5 })
  t.strictSame(parseOptions([], '3'), { command: 'run', interval: 3 })
  t.strictSame(parseOptions([], undefined), { command: 'run', interval: 1 })
  t.strictSame(parseOptions(['--check-config'], '1'), { command: 'check-config', file: undefined })
  t.strictSame(parseOptions(['--check-config', 'a.conf'], '1'), { command: 'check-config', file: 'a.conf' })
  t.strictSame(parseOptions(['--version'], '1'), { command: 'version' })
  t.strictSame(parseOptions(['1', '-h'], '1'), { command: 'help' })
})

t.test('what can’t be understood is refused', async t => {
  for (const bad of ['0', '-1', '1.5', 'abc', '', ' 1', '1e3', '86401', '99999999999999999999']) {
    t.throws(() => parseOptions(['--', bad], undefined), /1 to 86400/, JSON.stringify(bad))
  }
  t.throws(() => parseOptions(['--no-such'], '1'), /--no-such/)
  t.throws(() => parseOptions(['1', '2'], '1'), /one argument/)
})
