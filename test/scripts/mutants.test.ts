import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../../scripts/build'
import { MUTANTS } from '../../scripts/mutants/list'

t.test('every planted fault still has its one place, and its tests', async t => {
  for (const { file, from, to, tests } of MUTANTS) {
    t.equal(readFileSync(join(root, file), 'utf8').split(from).length, 2, `${file}: once ${from}`)
    t.not(from, to)
    t.ok(tests.length > 0 && tests.every(test => existsSync(join(root, test))), `the tests of ${file}`)
  }
})
