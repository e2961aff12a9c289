import t from 'tap'
import { createLog } from '../../plugin/log'
import { sliceRunner } from '../../plugin/namespaces/slices'

function* steps(count: number, work: () => void = () => {}): Generator<string> {
  for (let at = 0; at < count; at++) {
    work()
    yield `${at} `
  }
}

/** A clock that goes on only by work. */
function setUp() {
  const texts: string[] = []
  const lines: string[] = []
  let now = 0
  const start = sliceRunner(
    () => now,
    text => texts.push(text),
    createLog({}, line => lines.push(line)),
  )
  return {
    texts,
    lines,
    start,
    work: (milliseconds: number) => () => {
      now += milliseconds
    },
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

t.test('what takes no time is done at once, in one piece', async t => {
  const { texts, start } = setUp()
  start(steps(1000))
  t.equal(texts.length, 1)
  t.equal(texts[0]?.split(' ').length, 1001)
})

t.test('what takes longer gives everything else its turn, and no text is lost or torn', async t => {
  const { texts, start, work } = setUp()
  start(steps(10, work(4)))
  t.strictSame(texts, ['0 1 2 '], 'a slice of 10 ms, and what was begun in it')
  start(steps(3))
  t.equal(texts.length, 1, 'one that is not at its end is not started again')
  while (texts.length < 4) await turn()
  t.equal(texts.join(''), '0 1 2 3 4 5 6 7 8 9 ')
  start(steps(3))
  t.equal(texts.at(-1), '0 1 2 ', 'then it is')
})

t.test('being behind for long is written once', async t => {
  const { texts, lines, start, work } = setUp()
  start(steps(10, work(20)))
  for (let tick = 0; tick < 9; tick++) start(steps(1))
  t.strictSame(lines, [])
  for (let tick = 0; tick < 30; tick++) start(steps(1))
  t.match(lines, [/ERROR: other network namespaces: not read at every tick/])
  t.equal(lines.length, 1)
  while (!texts.join('').includes('9')) await turn()
  await turn()
  start(steps(1))
  t.equal(lines.length, 2)
})
