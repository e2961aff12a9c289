import t from 'tap'
import { burstWatch } from '../../plugin/recording/burst'

/** In which seconds a burst began, from the resets of each second. */
function begins(perSecond: readonly number[], every = 1): number[] {
  const watch = burstWatch()
  let total = 0n
  return perSecond.flatMap((resets, second) => {
    total += BigInt(resets)
    return second % every === 0 && watch(total, second * 1000) ? [second] : []
  })
}

const times = (count: number, resets: number): number[] => Array(count).fill(resets)

t.test('when a burst begins', async t => {
  const cases: Record<string, [number[], number[]]> = {
    nothing: [times(100, 0), []],
    'a rate that is usual, however high': [times(200, 400), []],
    'a burst, within three seconds': [[...times(30, 0), ...times(20, 200)], [30]],
    'one just above 50 a second': [[...times(30, 0), ...times(20, 60)], [32]],
    'one below': [[...times(30, 0), ...times(60, 45)], []],
    'ten times a minute of 20': [[...times(90, 20), ...times(9, 250)], [92]],
    'five times a minute of 20': [[...times(90, 20), ...times(9, 100)], []],
    'two, with a pause between': [
      [...times(30, 0), ...times(5, 200), ...times(70, 0), ...times(5, 200)],
      [30, 105],
    ],
    'one that falls below the limit, and not below half of it, has not ended': [
      [...times(30, 0), ...times(5, 200), ...times(10, 40), ...times(5, 1000)],
      [30],
    ],
    'one that lasts begins once': [[...times(30, 0), ...times(120, 200)], [30]],
  }
  for (const [name, [perSecond, expected]] of Object.entries(cases))
    t.strictSame(begins(perSecond), expected, name)
})

t.test('where the plugin looks every 5 seconds only', async t => {
  t.strictSame(begins([...times(31, 0), ...times(30, 200)], 5), [35])
  t.strictSame(begins([...times(31, 0), ...times(30, 45)], 5), [])
  t.strictSame(
    begins([...times(31, 4), ...times(4, 60), ...times(30, 4)], 5),
    [],
    '240 in 5 s are 48 a second',
  )
})

t.test('the first traffic of all is a burst, where the silence before was seen', async t => {
  t.ok(burstWatch({ from: 0, until: 30_000 })(400n, 33_000))
  t.notOk(burstWatch({ from: 0, until: 30_000 })(100n, 33_000), 'not 50 a second')
  t.notOk(burstWatch({ from: 25_000, until: 30_000 })(400n, 33_000), 'too short to know what is usual')
  t.notOk(burstWatch()(400n, 33_000))
})

t.test('counters that are missing or start anew begin nothing', async t => {
  const watch = burstWatch()
  for (let second = 0; second < 20; second++) t.notOk(watch(10_000n, second * 1000))
  t.notOk(watch(undefined, 20_000))
  t.notOk(watch(3n, 21_000))
  t.notOk(watch(1_000n, 25_000), 'what was before is not known any more')
  for (let second = 26; second < 40; second++) t.notOk(watch(1_000n, second * 1000))
  t.ok(watch(9_000n, 40_000))
})
