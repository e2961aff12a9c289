import t from 'tap'
import { holdersIn, processesIn, programIn } from '../../cli/agent/freebsd-processes'
import { fixture } from '../stand-in-netstat'

// What FreeBSD's own programs print of processes. The texts are written from their manual pages.

t.test('who has the other end of a connection: sockstat(1)', async t => {
  const connection = {
    local: { address: '127.0.0.1', port: 40_000 },
    remote: { address: '127.0.0.1', port: 19_999 },
  }
  const text = `USER     COMMAND    PID   FD PROTO  LOCAL ADDRESS         FOREIGN ADDRESS
netdata  netdata    1203  31 tcp4   127.0.0.1:19999       127.0.0.1:40000
netdata  net data   1204  31 tcp4   127.0.0.1:19999       127.0.0.1:40000
root     node       1500  18 tcp4   127.0.0.1:40000       127.0.0.1:19999
ann      nc         1600  3  tcp4   127.0.0.1:19999       127.0.0.1:40001
?        ?          ?     ?  tcp4   127.0.0.1:19999       127.0.0.1:40000
`
  t.strictSame(holdersIn(text, connection), [1203, 1204], 'all of them, and neither we nor a stranger')
  t.strictSame(holdersIn('', connection), [])
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
