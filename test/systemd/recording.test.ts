import t from 'tap'
import type { Recording } from '../../plugin/recording/recording'
import { bootMachine, COMMAND, type Machine, noMachine } from './machine'

// Recording as an administrator turns it on: a real agent, a real systemd, real bursts on the host and in a namespace.

const STORE = '/var/lib/netdata-tcp-resets-recordings'
const REQUEST = '/run/netdata-tcp-resets-recording/request'
const API = 'http://127.0.0.1:19999/api/v1'
const SERVICE = 'tcp-resets-recording.service'

/** Asks for a port that nobody listens on, some 180 times a second or `times` as often, for as many seconds. */
const BURST = `const { connect } = require('node:net')
  const [, port, seconds, times] = process.argv
  const again = () => connect(port, '127.0.0.1').on('error', () => setTimeout(again, 5))
  for (let n = 0; n < times; n++) again()
  setTimeout(() => process.exit(), seconds * 1000)`

/** Writes names into the request file 10,000 times a second, for as many seconds. */
const FLOOD = `const { openSync, writeSync } = require('node:fs')
  const request = openSync('${REQUEST}', 'a')
  const began = Date.now()
  let count = 0
  setInterval(() => {
    for (; count < (Date.now() - began) * 10; count++) writeSync(request, 'name-' + (count % 3000) + '\\n')
  }, 1)
  setTimeout(() => process.exit(), process.argv[1] * 1000)`

/** @returns when it began, in milliseconds since 1970 */
function burst(machine: Machine, port: number, seconds: number, times = 1, where = ''): number {
  const began = Date.now()
  machine.must(`${where} env -u NODE_OPTIONS nodejs -e "${BURST}" ${port} ${seconds} ${times}`)
  return began
}

function recordings(machine: Machine): Recording[] {
  const text = machine.sh(`cat ${STORE}/*.json`).stdout.trim()
  return text === '' ? [] : text.split('\n').map(line => JSON.parse(line))
}

/** As if all that is kept were an hour old: there is one recording a minute. */
const age = (machine: Machine): string =>
  machine.must(`env -u NODE_OPTIONS nodejs -e "const fs = require('node:fs')
    for (const name of fs.readdirSync('${STORE}').filter(name => name.endsWith('.json'))) {
      const recording = JSON.parse(fs.readFileSync('${STORE}/' + name))
      fs.writeFileSync('${STORE}/' + name, JSON.stringify({ ...recording, began: recording.began - 3600 }) + '\\n')
    }"`)

const done = (machine: Machine): Promise<void> =>
  machine.until(
    'it is done',
    `systemctl show -p ActiveState --value ${SERVICE} | grep -qE '^(inactive|failed)$'`,
  )

t.test('a burst is recorded as it begins, where that was asked for', { skip: noMachine }, async t => {
  const machine = await bootMachine(t)
  machine.must(
    'ip link set lo up; ip link add net0 type veth peer name net1; ip addr add 192.0.2.1/24 dev net0; ip link set net0 up; ip link set net1 up',
  )
  t.match(machine.must(`${COMMAND} install`), /^Data and alarms are there\.$/m)
  t.match(machine.sh(`ls ${REQUEST}`), { status: 2 }, 'off until asked for')
  t.match(machine.must('tcp-resets install --recording'), /^Bursts are recorded$/m)
  t.match(
    machine.must(`stat -c '%U:%G %a' ${REQUEST} /run/netdata-tcp-resets-recording`),
    'root:netdata 620\nroot:netdata 755\n',
  )
  t.match(machine.must('tcp-resets doctor'), /good +recording +on; 0 kept/)
  t.equal(machine.must('pgrep -fc "[t]cp-resets record" || :'), '0\n', 'nothing runs')
  machine.must('ip netns add shop; ip netns exec shop ip link set lo up')
  machine.must('ip netns exec shop sleep infinity >/dev/null 2>&1 & ')
  await machine.until(
    'the plugin knows what is usual',
    'test "$(ps -o etimes= -C node | sort -n | head -1)" -gt 14',
  )

  t.test('on the host', async t => {
    const began = burst(machine, 5432, 4)
    // So that the plugin sees the namespace: it has a chart from its first resets on.
    burst(machine, 9, 1, 1, 'ip netns exec shop')
    await machine.until(
      'there is a chart of the namespace',
      `curl -s ${API}/charts | grep -q tcp_resets_shop`,
    )
    await done(machine)
    const [recording, ...more] = recordings(machine)
    t.strictSame(more, [])
    t.match(recording, {
      namespace: 'host',
      explanation: {
        capture: { notes: [/^127\.0\.0\.1:5432 is this host's: nobody has that port now\.$/] },
        summary: { finding: /127\.0\.0\.1:5432 refused every one of .* nobody listens there/ },
      },
    })
    t.ok(Number(recording?.began) * 1000 - began < 5000, `within 5 s: ${recording?.began} ${began}`)
    t.match(
      machine.must(`stat -c '%U:%G %a' ${STORE} ${STORE}/*`),
      'root:netdata 2750\nroot:netdata 640\nroot:netdata 640\n',
    )
    const shown = machine.must(
      `tcp-resets recordings show ${recording?.id} --html /tmp/page.html; tcp-resets recordings`,
    )
    t.match(shown, /^\/tmp\/page\.html: [\d,]+ resets on /)
    t.match(shown, new RegExp(`^${recording?.id}\n .* UTC {2}ipv4\\.tcp_resets\n {2}[\\d,]+ resets on `, 'm'))
    t.match(machine.must('cat /tmp/page.html'), /nobody has that port now/)
    t.match(machine.must(`curl -s ${API}/info`), /"tcp-resets-recordings"/)
  })

  t.test('not another one in the same minute', async t => {
    burst(machine, 5433, 3, 5) // ten times the minute before, which has the first one in it
    const told = `journalctl -u ${SERVICE} | grep -q 'not recorded: host: the last recording began .* s ago'`
    await machine.until('that is said', told)
    machine.must(`systemctl stop ${SERVICE}`) // it waits for the minute to be over
    t.match(recordings(machine), [{ namespace: 'host', refused: 1 }])
    t.match(
      machine.must('tcp-resets recordings'),
      / \(1 more requested within the minute, and not recorded\)$/m,
    )
  })

  t.test('in a container, whoever asks meanwhile for what', async t => {
    age(machine)
    const firstEntry = `curl -s '${API}/chart?chart=ipv4.tcp_resets_shop' | sed -n 's/.*"first_entry": *\\([0-9]*\\).*/\\1/p'`
    await machine.until(
      'the plugin knows what is usual there',
      `test $(($(date +%s) - $(${firstEntry}))) -gt 15`,
    )
    const began = burst(machine, 6379, 4, 5, 'ip netns exec shop')
    await machine.until(
      'it has begun',
      `systemctl show -p ActiveState --value ${SERVICE} | grep -q activating`,
    )
    machine.must(
      `setpriv --reuid netdata --regid netdata --clear-groups env -u NODE_OPTIONS nodejs -e "${FLOOD}" 5`,
    )
    await machine.until('it is told', `journalctl -u ${SERVICE} -o cat | grep -q '^shop: '`)
    const [, recording, ...more] = recordings(machine)
    t.strictSame(more, [])
    t.match(recording, {
      namespace: 'shop',
      explanation: { summary: { finding: /127\.0\.0\.1:6379 refused every one of/ } },
    })
    t.ok(Number(recording?.began) * 1000 - began < 5000, `within 5 s: ${recording?.began} ${began}`)
    t.ok(Number(recording?.refused) > 1000)
    const lines = machine.must(`journalctl -u ${SERVICE} -o cat _SYSTEMD_UNIT=${SERVICE}`).trim().split('\n')
    t.equal(lines.length, 4, 'one line for each: recorded, refused, 10,000 a second refused, recorded')
    t.equal(machine.must('systemctl is-active tcp-resets-recording.path'), 'active\n')
  })

  t.test('no more of it once it is turned off', async t => {
    t.match(
      machine.must('tcp-resets uninstall'),
      /^What was recorded stays; to remove it: rm -r \/var\/lib\/netdata-tcp/m,
    )
    t.match(machine.sh(`ls ${REQUEST}`), { status: 2 })
    t.equal(machine.sh('systemctl list-unit-files "tcp-resets*" --no-legend').stdout, '')
    t.equal(recordings(machine).length, 2)
  })
})
