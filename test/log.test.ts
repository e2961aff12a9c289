import t from 'tap'
import { createLog } from '../plugin/log'

function lines(env: NodeJS.ProcessEnv, use: (log: ReturnType<typeof createLog>) => void): string[] {
  const written: string[] = []
  use(createLog(env, line => written.push(line)))
  return written.map(line => line.replace(/^\S+ /, ''))
}

t.test('one line an entry, with the time', async t => {
  const written: string[] = []
  createLog({}, line => written.push(line)).error('bad\nname\u2028\x1b[31m')
  t.match(written, [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ tcp_resets\.plugin ERROR: bad name \[31m\n$/])
  t.equal(written.length, 1)
})

t.test('levels', async t => {
  const all = (log: ReturnType<typeof createLog>): void => {
    log.error('e')
    log.warning('w')
    log.info('i')
    log.debug('d')
  }
  const cases: [NodeJS.ProcessEnv, number][] = [
    [{}, 3],
    [{ NETDATA_LOG_LEVEL: 'debug' }, 4],
    [{ NETDATA_LOG_LEVEL: 'warning' }, 2],
    [{ NETDATA_LOG_LEVEL: 'ERROR' }, 1],
    [{ NETDATA_LOG_LEVEL: 'emergency' }, 0],
    [{ NETDATA_LOG_LEVEL: 'no such level' }, 3],
    [{ NETDATA_DEBUG_FLAGS: '0x0000000000000000' }, 3],
    [{ NETDATA_DEBUG_FLAGS: '0x00000000ffffffff' }, 4],
    [{ NETDATA_DEBUG_FLAGS: '1', NETDATA_LOG_LEVEL: 'error' }, 4],
    [{ NETDATA_DEBUG_FLAGS: 'garbage' }, 3],
  ]
  for (const [env, expected] of cases) t.equal(lines(env, all).length, expected, JSON.stringify(env))
})

t.test('a fault that lasts is written when it starts and when it ends', async t => {
  t.strictSame(
    lines({}, log => {
      log.fault('file', undefined)
      log.fault('file', 'gone')
      log.fault('other', undefined)
      log.fault('file', 'gone')
      log.fault('file', 'still gone')
      log.fault('other', 'odd')
      log.fault('file', undefined)
      log.fault('file', undefined)
    }),
    [
      'tcp_resets.plugin ERROR: file: gone\n',
      'tcp_resets.plugin ERROR: other: odd\n',
      'tcp_resets.plugin NOTICE: file: works again\n',
    ],
  )
})
