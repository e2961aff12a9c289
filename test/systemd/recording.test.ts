import t from 'tap'
import type { Recording } from '../../plugin/recording/recording'
import { bootMachine, COMMAND, type Machine, noMachine } from './machine'

// Recording as an administrator turns it on: a real agent, a real systemd, real bursts.

const STORE = '/var/lib/netdata-tcp-resets-recordings'
const REQUEST = '/run/netdata-tcp-resets-recording/request'

/** Asks for a port that nobody listens on, 200 times a second, for as many seconds. */
const BURST = `const { connect } = require('node:net')
  const [, port, seconds] = process.argv
  const again = () => connect(port, '127.0.0.1').on('error', () => setTimeout(again, 5))
  again()
  setTimeout(() => process.exit(), seconds * 1000)`

/** @returns when it began, in milliseconds since 1970 */
function burst(machine: Machine, port: number, seconds: number, where = ''): number {
  const began = Date.now()
  machine.must(`${where} env -u NODE_OPTIONS nodejs -e "${BURST}" ${port} ${seconds}`)
  return began
}

function recordings(machine: Machine): Recording[] {
  return machine
    .must(`cat ${STORE}/*.json`)
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

t.test('a burst is recorded as it begins, where that was asked for', { skip: noMachine }, async t => {
  const machine = await bootMachine(t)
  machine.must('ip link set lo up')
  t.match(machine.must(`${COMMAND} install`), /^Data and alarms are there\.$/m)
  t.match(machine.sh(`ls ${REQUEST}`), { status: 2 }, 'off until asked for')
  t.match(machine.must('tcp-resets install --recording'), /^Bursts are recorded$/m)
  t.match(
    machine.must(`stat -c '%U %a' ${REQUEST} /run/netdata-tcp-resets-recording`),
    'root 620\nroot 755\n',
  )
  t.match(machine.must('tcp-resets doctor'), /good +recording +on; 0 kept/)
  t.equal(machine.must('pgrep -fc "[t]cp-resets record" || :'), '0\n', 'nothing runs')

  await machine.until(
    'the plugin knows what is usual',
    `test "$(ps -o etimes= -C node | sort -n | head -1)" -gt 14`,
  )
  const began = burst(machine, 5432, 6)
  await machine.until(
    'it is recorded',
    'systemctl show -p ActiveState --value tcp-resets-recording.service | grep -q inactive',
  )
  const [recording] = recordings(machine)
  t.match(recording, {
    namespace: 'host',
    explanation: { summary: { finding: /127\.0\.0\.1:5432 refused every one of .* nobody listens there/ } },
  })
  t.ok(Number(recording?.began) * 1000 - began < 5000, `within 5 s: ${recording?.began} ${began}`)
})
