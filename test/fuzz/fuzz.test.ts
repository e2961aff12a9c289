import t from 'tap'
import { courseOf, fuzzOn, keptCrashes, tryOnce } from './fuzz'
import { dice, mutate } from './mutate'
import { TARGETS } from './targets'

// A little of `npm run fuzz`, the same in every run, and everything that ever broke something.

const INPUTS = 150

for (const target of TARGETS) {
  t.test(target.name, async t => {
    for (const seed of target.seeds()) t.doesNotThrow(() => tryOnce(target, seed))
    for (const input of keptCrashes(target)) t.doesNotThrow(() => tryOnce(target, input), input.slice(0, 60))
    const broken: string[] = []
    fuzzOn(courseOf(target), INPUTS, dice(1), undefined, (input, error) => {
      broken.push(`${error}: ${JSON.stringify(input.slice(0, 200))}`)
    })
    t.strictSame(broken, [])
  })
}

t.test('the changes are the same for the same seed, and are changes', async t => {
  const changed = (seed: number): string[] => {
    const roll = dice(seed)
    return Array.from({ length: 50 }, () => mutate('Tcp: a b\nTcp: 1 2\n', 'x', roll))
  }
  t.strictSame(changed(7), changed(7))
  t.ok(new Set(changed(7)).size > 30)
})

t.test('what breaks is noticed', async t => {
  const broken: string[] = []
  const course = courseOf({
    name: 'fragile',
    seeds: () => ['abc'],
    run(text) {
      if (text !== 'abc') throw new Error('another text')
    },
  })
  fuzzOn(course, 20, dice(1), undefined, input => broken.push(input))
  t.ok(broken.length > 10)
  t.equal(course.crashes, broken.length)
})
