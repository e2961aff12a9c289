import t from 'tap'
import { addressOf, parseTcpSockets, plainAddress } from '../../plugin/sources/net-tcp'

const skip = process.arch === 's390x' && 'the addresses are written as on a machine that is little-endian'

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0050 0200007F:A2C4 06 00000000:00000000 03:00000F2B 00000000     0        0 0 3 0000000000000000
   2: 0100007F:0016 0200007F:A2C4 01 00000000:00000000 02:0`

t.test('sockets of /proc/net/tcp, whole lines only', { skip }, async t => {
  const sockets = parseTcpSockets(TCP)
  t.strictSame(
    sockets.map(({ listens, uid, inode }) => ({ listens, uid, inode })),
    [
      { listens: true, uid: 999, inode: '4711' },
      { listens: false, uid: 0, inode: '0' },
    ],
  )
  t.strictSame(
    sockets.map(({ local, remote }) => [addressOf(local), local.port, addressOf(remote), remote.port]),
    [
      ['127.0.0.1', 8080, '0.0.0.0', 0],
      ['127.0.0.1', 80, '127.0.0.2', 41668],
    ],
  )
  t.strictSame(parseTcpSockets('garbage\n'), [])
})

t.test('addresses of tcp6', { skip }, async t => {
  const addressIn = (hex: string): string => {
    const [socket] = parseTcpSockets(TCP.replace('0100007F', hex))
    return socket ? addressOf(socket.local) : ''
  }
  t.equal(addressIn('00000000000000000000000001000000'), '::1')
  t.equal(addressIn('0000000000000000FFFF00000100007F'), '127.0.0.1')
  t.equal(addressIn('B80D0120000000000000000001000000'), '2001:db8::1')
  t.equal(parseTcpSockets(TCP.replace('0100007F', '0100')).length, 1, 'an address of no length that there is')
})

t.test('one form of each address', async t => {
  t.equal(plainAddress('::ffff:127.0.0.1'), '127.0.0.1')
  t.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  t.equal(plainAddress('192.0.2.1'), '192.0.2.1')
})
