import t from 'tap'
import { filesOf } from './files'
import { bootMachine, COMMAND, noMachine } from './machine'

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
