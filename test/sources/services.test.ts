import { join } from 'node:path'
import t from 'tap'
import { parseServices, serviceNames } from '../../plugin/sources/services'

t.test('the first TCP name of each port', async t => {
  const text =
    '# comment\nhttp\t\t80/tcp\t\twww\nwww 80/tcp\nntp 123/udp\nhttps 443/tcp # web\n  odd 1/tcp\nx 99999999/tcp\nbad name 5/tcp\n'
  t.strictSame(
    [...parseServices(text)],
    [
      [80, 'http'],
      [443, 'https'],
    ],
  )
})

t.test('the file of the machine, or what everybody knows', async t => {
  const dir = t.testdir({ services: 'ours 80/tcp\n' })
  t.equal(serviceNames(join(dir, 'services'))(80), 'ours')
  t.equal(serviceNames(join(dir, 'services'))(443), undefined)
  t.equal(serviceNames(join(dir, 'missing'))(443), 'https')
  t.equal(serviceNames(join(dir, 'missing'))(60_000), undefined)
})
