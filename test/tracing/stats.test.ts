import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseStats } from '../../plugin/tracing/stats'

const kernels = join(__dirname, '..', 'fixtures', 'kernels')

const TEXT = `entries: 12
overrun: 100
commit overrun: 2
bytes: 4711
oldest event ts:  3677.349216
now ts:  3678.374411
dropped events: 3
read events: 18446744073709551000
`

t.test('every captured file can be read', async t => {
  for (const kernel of readdirSync(kernels)) {
    const path = join(kernels, kernel, 'per_cpu.stats')
    if (existsSync(path))
      t.strictSame(parseStats(readFileSync(path, 'latin1')), { waiting: 0n, gone: 0n }, kernel)
  }
})

t.test('each event is in one number', async t => {
  t.strictSame(parseStats(TEXT), { waiting: 12n, gone: 18446744073709551105n })
  t.strictSame(parseStats(TEXT.split('\n').reverse().join('\n')), parseStats(TEXT), 'in any order')
  t.strictSame(parseStats(`${TEXT}new number: 7\n`), parseStats(TEXT), 'a number that is new')
})

t.test('a number that is missing is not 0', async t => {
  for (const name of ['entries', 'overrun', 'commit overrun', 'dropped events', 'read events']) {
    t.equal(parseStats(TEXT.replace(new RegExp(`^${name}: .*\n`, 'm'), '')), undefined, name)
  }
  t.equal(parseStats(''), undefined)
  t.equal(parseStats(TEXT.replace('12', 'x')), undefined)
})
