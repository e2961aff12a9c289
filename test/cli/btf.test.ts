import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { readBtf } from '../../cli/grant/btf'
import { definitions } from '../../cli/grant/definitions'
import { PROBES } from '../../plugin/tracing/probes'
import { madeBtf } from './made-btf'

const RUNNING = '/sys/kernel/btf/vmlinux'

t.test('members and parameters', async t => {
  const btf = readBtf(madeBtf())
  t.equal(btf.offsetOf('sock', 'state'), 4)
  t.equal(btf.offsetOf('sock', 'daddr'), 8, 'in a union without a name')
  t.equal(btf.offsetOf('sock', 'net.net'), 16, 'behind a typedef')
  t.equal(btf.offsetOf('sock', 'color'), undefined)
  t.equal(btf.offsetOf('sock', 'state.deeper'), undefined)
  t.equal(btf.offsetOf('sack', 'state'), undefined)
  t.equal(btf.offsetOf('int', 'state'), undefined, 'no structure')
  t.equal(btf.offsetOf('bits', 'few'), undefined, 'a bit field has no offset')
  t.equal(btf.offsetOf('bits', 'whole'), 1)
  t.equal(btf.parameterOf('send_reset', 'skb'), 2)
  t.equal(btf.parameterOf('send_reset', 'reason'), undefined)
  t.equal(btf.parameterOf('sock', 'skb'), undefined, 'no function')
  t.throws(() => definitions(btf), /^tcp_check_req\(\) has no parameter fastopen$/)
})

t.test('what is no BTF says so', async t => {
  const whole = madeBtf()
  t.throws(() => readBtf(Buffer.alloc(24)), /no BTF of this byte order/)
  const later = Buffer.from(whole)
  later.writeUInt32LE(30 << 24, 24 + 4)
  t.throws(() => readBtf(later), /BTF has a type of the unknown kind 30/)
})

t.test('damaged BTF: an error or an answer, and always an end', async () => {
  const whole = madeBtf()
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
      const damaged = Buffer.from(whole.subarray(0, length))
      if (at < length) damaged[at] = byte
      try {
        const btf = readBtf(damaged)
        for (const member of ['state', 'daddr', 'net.net']) btf.offsetOf('sock', member)
        btf.parameterOf('send_reset', 'skb')
      } catch (error) {
        return error instanceof Error
      }
      return true
    }),
    { numRuns: 3000 },
  )
})

t.test('the running kernel’s own', { skip: !existsSync(RUNNING) && `no ${RUNNING}` }, async t => {
  const btf = readBtf(readFileSync(RUNNING))
  // Both ends and the state are where they have always been (include/net/sock.h).
  t.equal(btf.offsetOf('sock', '__sk_common.skc_daddr'), 0)
  t.equal(btf.offsetOf('sock', '__sk_common.skc_rcv_saddr'), 4)
  t.equal(btf.offsetOf('sock', '__sk_common.skc_family'), 16)
  t.equal(btf.offsetOf('sock', '__sk_common.skc_state'), 18)
  t.equal(btf.parameterOf('tcp_v4_send_reset', 'skb'), 2)
  const all = definitions(btf)
  for (const direction of ['sent', 'received'] as const) {
    const names = all.filter(definition => definition.direction === direction).map(({ name }) => name)
    t.strictSame(names.sort(), [...PROBES[direction]].sort(), `each event ${direction} once`)
  }
  for (const { name, fields } of all) {
    t.match(fields[0], /^ino=\+\d+\(\+\d+\(/, `${name}: the namespace first`)
    for (const field of fields) t.notMatch(field, /undefined|NaN|\+-/)
  }
})
