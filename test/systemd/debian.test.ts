import { copyFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { dist } from '../../scripts/build'
import { debianPackage } from '../../scripts/package'
import { ALL_WELL } from '../shell'
import { filesOf } from './files'
import { AS_ANOTHER, bootMachine, noMachine } from './machine'

const UNIT = 'tcp-resets-tracing.service'
const RECORDING = 'tcp-resets-recording.path'
const RECORDER = 'tcp-resets-recording tcp-resets-recording-request'
const REQUEST = '/run/netdata-tcp-resets-recording/request'
const STORE = '/var/lib/netdata-tcp-resets-recordings'
const SHOWN = '/run/netdata-tcp-resets'
const STATE = `systemctl is-enabled ${UNIT}; systemctl is-active ${UNIT}`

/** What systemd-analyze security may say at most, of 10: each right that a unit has without need is in it. */
const MOST_EXPOSED = {
  [UNIT]: 4.5,
  'tcp-resets-recording.service': 3.1,
  'tcp-resets-recording-request.service': 1.1,
}

const makePackage = (t: Test, version: string): string =>
  debianPackage({ dist, version, into: t.testdir({}) })

t.test('the package under systemd, from nothing to nothing', { skip: noMachine }, async t => {
  const machine = await bootMachine(t)
  const { sh, must, until } = machine
  must(AS_ANOTHER)
  const before = filesOf(machine)
  copyFileSync(makePackage(t, '0.0.1'), machine.at('/run/1.deb'))
  must('dpkg --install /run/1.deb')
  t.equal(must(STATE), 'enabled\nactive\n')
  t.equal(must(`stat -c %G ${SHOWN}/sent`), 'watchers\n', 'the group is that of the agent')
  await until('the doctor is content', ALL_WELL)
  t.match(must('tcp-resets doctor'), /user metrics;[\s\S]*granted in .*shown on ipv4.tcp_resets_traced/)

  t.equal(sh(`systemctl is-enabled ${RECORDING}; ls ${REQUEST}`).stdout, 'disabled\n', 'off until asked for')
  must(`for unit in ${RECORDER}; do
      mkdir /etc/systemd/system/$unit.service.d
      printf '[Service]\\nGroup=watchers\\n' >/etc/systemd/system/$unit.service.d/override.conf
    done
    systemctl daemon-reload; systemctl enable --now ${RECORDING}; systemctl start tcp-resets-recording.service`)
  t.equal(must(`stat -c '%U:%G %a' ${REQUEST} ${STORE}`), 'root:watchers 620\nroot:watchers 2750\n')

  for (const [unit, most] of Object.entries(MOST_EXPOSED)) {
    const said = must(`systemd-analyze security ${unit}`)
    const exposure = Number(/exposure level.*: (\d+\.\d)/.exec(said)?.[1])
    t.ok(exposure <= most, `${unit}: ${exposure} of 10`, { said })
  }

  // What it does beside the grant itself works within these limits too: resets in a network of its own.
  must(`sed 's,^ExecStart=.*,ExecStart=sh -c "echo | unshare --net tcp-resets self-test >/run/acts",' \
    /lib/systemd/system/${UNIT} >/run/systemd/system/limits.service
    systemctl daemon-reload; systemctl start limits; systemctl show -p Result limits`)
  t.match(must('cat /run/acts'), /"IPv4".*"no connection".*"open".*"IPv6"/)

  await machine.reboot()
  t.equal(must(STATE), 'enabled\nactive\n')
  t.equal(must(`stat -c %G ${SHOWN}/sent`), 'watchers\n')
  t.equal(must(`systemctl is-active ${RECORDING}; ls ${REQUEST}`), `active\n${REQUEST}\n`)
  await until('the doctor is content after a boot', ALL_WELL)

  // What only began is taken back: here a script of the administrator's that runs with each removal.
  must('mv /var/lib/dpkg/info/netdata-tcp-resets.prerm /run/prerm')
  must(`printf '#!/bin/sh\\n/run/prerm "$@"; exit 1\\n' >/var/lib/dpkg/info/netdata-tcp-resets.prerm
    chmod 755 /var/lib/dpkg/info/netdata-tcp-resets.prerm`)
  t.match(sh('dpkg --remove netdata-tcp-resets'), { status: 1 })
  t.equal(must(STATE), 'enabled\nactive\n', 'a removal that fails leaves all as it was')
  must('mv /run/prerm /var/lib/dpkg/info/netdata-tcp-resets.prerm')

  copyFileSync(makePackage(t, '0.0.2'), machine.at('/run/2.deb'))
  must(`systemctl disable --now ${UNIT}; dpkg --install /run/2.deb`)
  t.equal(sh(STATE).stdout, 'disabled\ninactive\n', 'what was turned off stays off')
  t.equal(must(`systemctl is-active ${RECORDING}`), 'active\n', 'and what was turned on stays on')
  must(`systemctl enable --now ${UNIT}`)

  must('dpkg --remove netdata-tcp-resets')
  t.equal(sh(`ls -d ${SHOWN}`).stdout, '', 'the grant is taken back')
  t.equal(
    sh(`ls -d ${REQUEST} ${STORE}`).stdout,
    `${STORE}\n`,
    'nothing is recorded any more; what was is kept',
  )
  must(
    `dpkg --purge netdata-tcp-resets; cd /etc/systemd/system; for unit in ${RECORDER}; do rm -r $unit.service.d; done`,
  )
  t.equal(filesOf(machine), before, 'no file is left')
  t.equal(sh('systemctl list-unit-files "tcp-resets*" --no-legend').stdout, '')
})

t.test('the package in an image that is booted later', { skip: noMachine }, async t => {
  const put = `cp ${makePackage(t, '0.0.1')} /mnt/root/root/1.deb`
  const machine = await bootMachine(t, `${put}; chroot /mnt/root dpkg --install /root/1.deb >&2`)
  t.equal(machine.must(STATE), 'enabled\nactive\n')
  await machine.until('the doctor is content', ALL_WELL)
})
