import t from 'tap'
import type { Time } from '../plugin/clock'
import { lastMeasured } from '../plugin/last-measured'

t.test('the time of the last measurement, every 10 seconds, and none where nothing was measured', async t => {
  const clock = { wall: 1_700_000_000_900 }
  const time: Time = { monotonic: () => 0, wall: () => clock.wall, in: () => () => {} }
  const measured = lastMeasured(2, time)
  const at = (seconds: number) =>
    `VARIABLE HOST tcp_resets_measured_t = ${seconds}\nVARIABLE HOST tcp_resets_update_every = 2\n`
  t.equal(measured('', 0), '')
  t.equal(measured('BEGIN', 1000), at(1_700_000_000))
  clock.wall += 9000
  t.equal(measured('BEGIN', 10_000), '')
  t.equal(measured('', 11_000), '')
  clock.wall += 3000
  t.equal(measured('BEGIN', 12_000), at(1_700_000_012))
})
