import t from 'tap'
import { searchTimes } from '../../plugin/namespaces/search-times'

/** The ticks, in seconds, at which a search is due. */
function dueAt(updateEvery: number, seconds: number, missingAt?: number, anyFound = true): number[] {
  const times = searchTimes(updateEvery)
  const due: number[] = []
  for (let now = 0; now <= seconds; now += updateEvery) {
    if (now === missingAt) times.missing(now * 1000)
    // Some milliseconds early or late, as ticks are.
    const milliseconds = now * 1000 + (now % 2) * 20
    if (times.due(milliseconds, anyFound) === undefined) continue
    times.begin(milliseconds)
    due.push(now)
  }
  return due
}

t.test('every 5 s, at a tick', async t => {
  t.strictSame(dueAt(1, 16), [0, 5, 10, 15])
  t.strictSame(dueAt(2, 16), [0, 4, 8, 12, 16])
  t.strictSame(dueAt(10, 30), [0, 10, 20, 30])
})

t.test('every 15 s where there is none', async t => {
  t.strictSame(dueAt(1, 31, undefined, false), [0, 15, 30])
})

t.test('every 2 s for a minute after something has gone', async t => {
  t.strictSame(dueAt(1, 12, 6), [0, 5, 7, 9, 11])
  t.strictSame(dueAt(1, 76, 6).slice(-4), [63, 65, 70, 75])
})

t.test('tells the seconds since the last search', async t => {
  const times = searchTimes(1)
  t.equal(times.due(1000, true), 1)
  t.equal(times.due(1000, true), 1, 'until one begins')
  times.begin(1000)
  t.equal(times.due(2000, true), undefined)
  t.equal(times.due(6500, true), 5.5)
})
