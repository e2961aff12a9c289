import t from 'tap'
import { listenersIn, processesIn, programIn } from '../../cli/agent/freebsd-processes'
import { fixture } from '../stand-in-netstat'

// What FreeBSD's own programs print of processes. The texts are written from their manual pages.

t.test('who listens on a port: sockstat(1)', async t => {
  const text = fixture('written-sockstat.txt')
  t.strictSame(listenersIn(text, 19_999), [1203, 1203, 1300], 'not who is only connected, and not port 1999')
  t.strictSame(listenersIn(text, 1999), [2001])
  t.strictSame(listenersIn(text, 9999), [])
  t.strictSame(listenersIn(fixture('written-sockstat-wide.txt'), 19_999), [100_203])
  t.strictSame(listenersIn('', 19_999), [])
})

t.test('processes: ps(1)', async t => {
  const all = processesIn(fixture('written-ps.txt'))
  t.strictSame(
    all.map(({ pid }) => pid),
    [0, 1, 1202, 1203, 1240, 1300, 1400, 1500],
  )
  t.strictSame(all[3], {
    pid: 1203,
    parent: 1202,
    uid: 302,
    gid: 302,
    jail: '0',
    args: '/usr/local/sbin/netdata',
  })
  t.match(all[5], { jail: '3' })
  t.strictSame(processesIn('ps: jid: keyword not found\n'), [])
})

t.test('the program of a process: procstat(1)', async t => {
  const text = fixture('written-procstat.txt')
  t.equal(programIn(text, 1203), '/usr/local/sbin/netdata')
  t.equal(programIn(text, 1301), '/home/ann/with space/netdata')
  t.equal(programIn(text, 1302), undefined, 'its file was replaced')
  t.equal(programIn(text, 203), undefined)
})
