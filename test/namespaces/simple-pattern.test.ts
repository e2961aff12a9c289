import fc from 'fast-check'
import t from 'tap'
import { simplePattern } from '../../plugin/namespaces/simple-pattern'

t.test('as Netdata documents them', async t => {
  const cases: [pattern: string, yes: string[], no: string[]][] = [
    ['*', ['', 'a', 'anything at all'], []],
    ['', [], ['', 'a']],
    ['  ', [], ['', 'a']],
    ['web', ['web'], ['', 'we', 'web1', 'aweb', 'Web']],
    ['web*', ['web', 'web1'], ['aweb']],
    ['*web', ['web', 'aweb'], ['web1']],
    ['*web*', ['web', 'aweb1'], ['we b']],
    ['a*b*c', ['abc', 'a--b--c', 'abbc', 'abcbc'], ['ac', 'acb', 'ab', 'bc']],
    ['a*a', ['aa', 'aba'], ['a']],
    ['a**b', ['ab', 'axb'], ['a']],
    ['web db', ['web', 'db'], ['web db']],
    ['  web \t db  ', ['web', 'db'], ['web db']],
    ['!db-test db*', ['db', 'db-1'], ['db-test', 'web']],
    ['db* !db-test', ['db-test'], ['web']],
    ['!*test* *', ['db'], ['db-test']],
    ['!', [], ['', '!']],
    ['a.c', ['a.c'], ['abc']],
    ['[ab]', ['[ab]'], ['a']],
  ]
  for (const [pattern, yes, no] of cases) {
    const matches = simplePattern(pattern)
    for (const text of yes) t.ok(matches(text), `${JSON.stringify(pattern)} fits ${JSON.stringify(text)}`)
    for (const text of no)
      t.notOk(matches(text), `${JSON.stringify(pattern)} is not for ${JSON.stringify(text)}`)
  }
})

t.test('stars as the obvious regular expression has them', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(
      word,
      text,
      (pattern, text) =>
        simplePattern(pattern)(text) === new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text),
    ),
    { numRuns: 5000 },
  )
})

t.test('a pattern of many stars takes no time', async t => {
  const start = process.hrtime.bigint()
  t.notOk(simplePattern(`${'*a'.repeat(50)}b`)('a'.repeat(10_000)))
  t.ok(process.hrtime.bigint() - start < 200_000_000n)
})
