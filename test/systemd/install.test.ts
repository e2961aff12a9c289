import t from 'tap'
import { bootMachine, COMMAND, type Machine, noMachine } from './machine'

/** What tells two states of a machine apart, less what the agent, dpkg and systemd write of their own. */
const filesOf = (machine: Machine): string =>
  machine.must(`find /etc /usr /opt /root /var/lib -xdev \\( -path /var/lib/netdata -o -path /var/lib/dpkg \\
    -o -path /var/lib/systemd -o -path /etc/netdata/.environment -o -name '*.cache' \\) -prune -o -printf '%p %y %l %m %u:%g\\n' | sort`)

t.test('install under systemd, through a boot, to nothing', { skip: noMachine }, async t => {
  const machine = await bootMachine(t)
  const before = filesOf(machine)
  t.match(machine.must(`${COMMAND} install`), /^Tracing is granted \(systemd\)$/m)
  await machine.until('the doctor is content', 'tcp-resets doctor')

  machine.must('systemctl restart netdata')
  await machine.until('the doctor is content with a new agent', 'tcp-resets doctor')

  await machine.reboot()
  t.match(machine.must('systemctl is-active tcp-resets-tracing'), 'active\n')
  await machine.until('the doctor is content after a boot', 'tcp-resets doctor')

  t.match(machine.sh('tcp-resets uninstall'), { status: 0, stderr: '' })
  t.equal(filesOf(machine), before, 'no file is left')
  t.equal(machine.sh('systemctl list-unit-files "tcp-resets*" --no-legend').stdout, '')
  t.match(machine.sh('ls /run/netdata-tcp-resets'), { status: 2 }, 'the grant is taken back')
})
