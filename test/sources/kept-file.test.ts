import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findIn } from '../../plugin/sources/kept-file'

t.test('a record is looked for only so far', async t => {
  const path = join(t.testdir(), 'records')
  const record = (n: number): string => `${n} ${'x'.repeat(90)}\n`
  writeFileSync(path, Array.from({ length: 1000 }, (_, n) => record(n)).join(''))
  const find = (n: number, most: number) => findIn(path, new RegExp(`^(${n}) x*\\n`, 'm'), most)?.[1]
  t.equal(find(0, 4096), '0')
  t.equal(find(44, 8192), '44', 'across the end of a page')
  t.equal(find(900, 8192), undefined, 'further on')
  t.equal(find(900, 1_000_000), '900')
  t.equal(find(1000, 1_000_000), undefined, 'not there')
  t.throws(() => findIn(`${path}.none`, /x/, 1), { code: 'ENOENT' })
})
