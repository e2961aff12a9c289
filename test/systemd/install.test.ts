import t from 'tap'
import { ALL_WELL } from '../shell'
import { filesOf } from './files'
import { AS_ANOTHER, bootMachine, COMMAND, noMachine } from './machine'

t.test('install under systemd, through a boot, to nothing', { skip: noMachine }, async t => {
  const machine = await bootMachine(t)
  const before = filesOf(machine)
  t.match(machine.must(`${COMMAND} install`), /^Tracing is granted \(systemd\)$/m)
  await machine.until('the doctor is content', ALL_WELL)

  machine.must('systemctl restart netdata')
  await machine.until('the doctor is content with a new agent', ALL_WELL)

  await machine.reboot()
  t.match(machine.must('systemctl is-active tcp-resets-tracing'), 'active\n')
  await machine.until('the doctor is content after a boot', ALL_WELL)

  machine.must(AS_ANOTHER)
  await machine.until(
    'another user who may not read',
    "tcp-resets doctor | grep -q '^wrong *tracing *metrics can.t read'",
  )
  machine.must('tcp-resets install')
  await machine.until('the doctor is content with another user', ALL_WELL)
  t.equal(machine.must('stat -c %G /run/netdata-tcp-resets/sent'), 'watchers\n')

  t.match(machine.sh('tcp-resets uninstall'), { status: 0, stderr: '' })
  machine.must('rm -r /etc/systemd/system/netdata.service.d')
  t.equal(filesOf(machine), before, 'no file is left')
  t.equal(machine.sh('systemctl list-unit-files "tcp-resets*" --no-legend').stdout, '')
  t.match(machine.sh('ls /run/netdata-tcp-resets'), { status: 2 }, 'the grant is taken back')
})
