import { join } from 'node:path'
import t, { type Test } from 'tap'
import { nodeFolder } from '../../scripts/node-binaries'
import { command, noSandbox, openSandbox, type Sandbox } from './sandbox'

// Each thing that the doctor checks is broken on a machine where all was well, and mended again.

interface Finding {
  check: string
  status: string
  saw: string
  advice?: string
}

interface Break {
  /** A shell command. */
  breaks: string
  mends: string
  /** What the doctor has to find wrong, and what it says. */
  check: string
  saw: RegExp
  /** Where the agent has to be started again: once it is mended, or once it is broken as well. */
  restart?: 'mended' | 'both'
}

const PLUGIN = '/usr/lib/netdata/plugins.d/tcp_resets.plugin'
const HEALTH = '/etc/netdata/health.d/tcp_resets.conf'
const GUIDE = '/usr/share/netdata/web/guides/tcp/5m_ipv4_tcp_resets_sent.html'
/** Where agents from 2 on keep what was set on the dashboard. */
const SAVED = '/var/lib/netdata/config'
const SETTINGS = 'tcp_resets%3Asettings.dyncfg'
const RELOAD = 'kill -USR2 $(cat /run/netdata.pid)'
const NODES = '$(which -a node nodejs)'
const NODE_16 = nodeFolder('16.20.2')

const BREAKS: Readonly<Record<string, Break>> = {
  'a file is gone': {
    breaks: `mv ${GUIDE} /tmp/away`,
    mends: `mv /tmp/away ${GUIDE}`,
    check: 'files',
    saw: /gone: .*5m_ipv4_tcp_resets_sent\.html/,
  },
  'an installation was interrupted': {
    breaks: `echo '{"pid":1,"committed":false,"steps":[],"made":[]}' >/var/lib/netdata-tcp-resets/journal.json`,
    mends: 'rm /var/lib/netdata-tcp-resets/journal.json',
    check: 'files',
    saw: /interrupted/,
  },
  'the manifest can’t be read': {
    breaks: 'cd /var/lib/netdata-tcp-resets; cp manifest.json /tmp/m; echo x >manifest.json',
    mends: 'cp /tmp/m /var/lib/netdata-tcp-resets/manifest.json',
    check: 'files',
    saw: /manifest\.json: it is damaged/,
  },
  'the plugin is gone': {
    breaks: `mv ${PLUGIN} /tmp/plugin`,
    mends: `mv /tmp/plugin ${PLUGIN}`,
    check: 'plugin',
    saw: /no \/usr\/lib\/netdata\/plugins\.d\/tcp_resets\.plugin/,
  },
  'the file of alarms is gone': {
    breaks: `mv ${HEALTH} /tmp/health`,
    mends: `mv /tmp/health ${HEALTH}`,
    check: 'alarms',
    saw: /no \/etc\/netdata\/health\.d\/tcp_resets\.conf/,
  },
  'the plugin can’t be run by the agent': {
    breaks: `chmod 700 ${PLUGIN}`,
    mends: `chmod 755 ${PLUGIN}`,
    check: 'plugin',
    saw: /netdata can't run /,
  },
  'the plugin is cut short': {
    breaks: `cp -p ${PLUGIN} /tmp/plugin; truncate -s 9000 ${PLUGIN}`,
    mends: `cp -p /tmp/plugin ${PLUGIN}`,
    check: 'version',
    saw: /the plugin does not start: .*SyntaxError/s,
  },
  'a Node that is too old': {
    breaks: `ln -s ${join(`${NODE_16}`, 'node')} ${PLUGIN}.node`,
    mends: `rm ${PLUGIN}.node`,
    check: 'node',
    saw: /as netdata, with the agent's PATH: v16\.20\.2 at /,
  },
  'a Node that only root can run': {
    breaks: `for node in ${NODES}; do chmod 700 "$(readlink -f $node)"; done`,
    mends: `for node in ${NODES}; do chmod 755 "$(readlink -f $node)"; done`,
    check: 'node',
    saw: /as netdata, with the agent's PATH: no node or nodejs on PATH/,
  },
  'a configuration that is wrong': {
    breaks: 'echo "colour: red" >/etc/netdata/tcp_resets.conf',
    mends: 'rm /etc/netdata/tcp_resets.conf',
    check: 'config',
    saw: /tcp_resets\.conf:1:1: unknown key "colour"/,
  },
  'a configuration that only root can read': {
    breaks: 'echo "update_every: 1" >/etc/netdata/tcp_resets.conf; chmod 600 /etc/netdata/tcp_resets.conf',
    mends: 'rm /etc/netdata/tcp_resets.conf',
    check: 'config',
    saw: /netdata can't read \/etc\/netdata\/tcp_resets\.conf/,
  },
  'settings of the dashboard that are wrong': {
    breaks: `mkdir -p ${SAVED}; printf 'version=1\\nid=tcp_resets:settings\\n---\\n{"colour": "red"}' >${SAVED}/${SETTINGS}`,
    mends: `rm -r ${SAVED}`,
    check: 'config',
    saw: /settings\.dyncfg: what was set on the dashboard can't be used: unknown key "colour"/,
  },
  'the plugin hangs': {
    breaks: 'kill -STOP $(pgrep -f "node .*[/]usr/lib/netdata/plugins.d/tcp_resets.plugin")',
    mends: 'kill -CONT $(pgrep -f "node .*[/]usr/lib/netdata/plugins.d/tcp_resets.plugin")',
    check: 'data',
    saw: /the last value of ipv4\.tcp_resets is \d+ s old/,
  },
  'an alarm that the agent has not read': {
    breaks: `cp -p ${HEALTH} /tmp/health; printf '\\n template: mine\\n on: ipv4.tcp_resets\\n' >>${HEALTH}`,
    mends: `cp -p /tmp/health ${HEALTH}`,
    check: 'alarms',
    saw: /not loaded from \/etc\/netdata\/health\.d\/tcp_resets\.conf: mine/,
  },
  'the same alarm once more': {
    breaks: `cp /usr/lib/netdata/conf.d/health.d/tcp_resets.conf /etc/netdata/health.d/more.conf; ${RELOAD}`,
    mends: `rm /etc/netdata/health.d/more.conf; ${RELOAD}`,
    check: 'alarms',
    saw: /raised twice: also .*10s_ipv4_tcp_resets_sent on ipv4\.tcphandshake \(.*more\.conf\)/,
  },
  'an alarm without its link': {
    breaks: `cp -p ${HEALTH} /tmp/health; sed -i 's/Guide: .*//' ${HEALTH}; ${RELOAD}`,
    mends: `cp -p /tmp/health ${HEALTH}; ${RELOAD}`,
    check: 'guides',
    saw: /no link in the text of .*5m_ipv4_tcp_resets_received/,
  },
  'a guide that the agent can’t read': {
    breaks: `chmod 600 ${GUIDE}`,
    mends: `chmod 644 ${GUIDE}`,
    check: 'guides',
    saw: /5m_ipv4_tcp_resets_sent\.html: status (403|404)/,
  },
  'a grant that the agent can’t use': {
    breaks:
      'cd /run; mkdir -p netdata-tcp-resets/sent netdata-tcp-resets/received; cd netdata-tcp-resets; touch sent/trace_pipe received/trace_pipe; chmod 600 */trace_pipe',
    mends: 'rm -r /run/netdata-tcp-resets',
    check: 'tracing',
    saw: /netdata can't read .*sent\/trace_pipe/,
  },
  'a grant where the configuration says it is': {
    breaks: `printf 'tracing:\\n  directory: /run/elsewhere\\n' >/etc/netdata/tcp_resets.conf
      mkdir -p /run/elsewhere/sent /run/elsewhere/received
      cd /run/elsewhere; touch sent/trace_pipe received/trace_pipe; chmod 600 */trace_pipe`,
    mends: 'rm -r /run/elsewhere /etc/netdata/tcp_resets.conf',
    check: 'tracing',
    saw: /netdata can't read \/run\/elsewhere\/sent\/trace_pipe/,
  },
  'a grant of which nothing comes': {
    breaks:
      'mkdir /run/netdata-tcp-resets; cd /run/netdata-tcp-resets; for event in sent/events/tcp/tcp_send_reset received/events/tcp/tcp_receive_reset; do mkdir -p $event; touch $event/format; done; for here in sent received; do mkdir -p $here/per_cpu/cpu0; touch $here/trace_pipe $here/per_cpu/cpu0/stats; done',
    mends: 'rm -r /run/netdata-tcp-resets',
    check: 'tracing',
    saw: /granted in \/run\/netdata-tcp-resets: the resets that .* see, but the agent has no chart of it/,
  },
  'the plugin was killed': {
    breaks: 'kill -KILL $(pgrep -f "node .*[/]usr/lib/netdata/plugins.d/tcp_resets.plugin")',
    mends: ':',
    check: 'running',
    saw: /no process of the agent runs/,
    restart: 'mended',
  },
  'the plugin is turned off': {
    breaks:
      'cp /etc/netdata/netdata.conf /tmp/conf; sed -i "/check for new/a tcp_resets = no" /etc/netdata/netdata.conf',
    mends: 'cp /tmp/conf /etc/netdata/netdata.conf',
    check: 'enabled',
    saw: /tcp_resets = no/,
    restart: 'both',
  },
}

function examine(sandbox: Sandbox): { ok: boolean; status: number | null; findings: Finding[] } {
  const { status, stdout, stderr } = sandbox.run('doctor', '--json')
  if (stdout === '') throw new Error(stderr)
  return { status, ...JSON.parse(stdout) }
}

/** Asks until the answer passes: the agent takes its time to read alarms, and data to get old. */
async function until(
  sandbox: Sandbox,
  passes: (result: ReturnType<typeof examine>) => boolean,
): Promise<ReturnType<typeof examine>> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const result = examine(sandbox)
    if (passes(result) || Date.now() > deadline) return result
  }
}

async function restart(sandbox: Sandbox): Promise<void> {
  await sandbox.stopNetdata()
  sandbox.must('netdata -P /run/netdata.pid')
}

async function well(t: Test, sandbox: Sandbox): Promise<void> {
  const { findings, status } = await until(sandbox, ({ ok }) => ok)
  t.strictSame([status, findings.filter(finding => finding.status === 'wrong')], [0, []], 'all is well')
}

t.test('what is wrong is found, and said', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  await sandbox.startNetdata()
  t.equal(sandbox.run('install').status, 0)
  await well(t, sandbox)
  for (const [name, { breaks, mends, check, saw, restart: when }] of Object.entries(BREAKS)) {
    const skip = name.includes('too old') && NODE_16 === undefined && 'the npm registry gave no Node 16'
    await t.test(name, { skip }, async t => {
      sandbox.must(breaks)
      if (when === 'both') await restart(sandbox)
      const is = (finding: Finding): boolean =>
        finding.check === check && finding.status === 'wrong' && saw.test(finding.saw)
      const { findings, ok, status } = await until(sandbox, ({ findings }) => findings.some(is))
      t.ok(findings.find(is), `${check}: ${saw}`, { findings })
      t.ok(findings.find(is)?.advice, 'with what to do')
      t.strictSame([ok, status], [false, 1])
      sandbox.must(mends)
      if (when) await restart(sandbox)
      await well(t, sandbox)
    })
  }

  await t.test('settings of the kernel and of the configuration are told as they are', async t => {
    const told = (): string => sandbox.must(`'${command}' doctor`)
    sandbox.must('sysctl -w net.ipv4.tcp_syncookies=1 net.ipv4.tcp_abort_on_overflow=0')
    t.match(told(), /note +syncookies +tcp_syncookies is 1: cookies when the SYN queue is full/)
    t.match(told(), /note +overflow +tcp_abort_on_overflow is 0: a full accept queue drops/)
    sandbox.must('sysctl -w net.ipv4.tcp_syncookies=0 net.ipv4.tcp_abort_on_overflow=1')
    t.match(told(), /note +syncookies +tcp_syncookies is 0: off; a SYN flood fills the queue/)
    t.match(told(), /note +overflow +tcp_abort_on_overflow is 1: a full accept queue resets new connections/)
    t.match(told(), /note +tracing +not granted \(no \/run\/netdata-tcp-resets\)/)
    sandbox.must(
      "printf 'tracing:\\n  enabled: false\\nnamespaces:\\n  enabled: false\\n' >/etc/netdata/tcp_resets.conf",
    )
    t.match(told(), /note +tracing +turned off in the configuration/)
    t.match(told(), /good +containers .*others are turned off in the configuration/)
    const set = (settings: object): string =>
      `mkdir -p ${SAVED}; printf 'version=1\\n---\\n%s\\n' '${JSON.stringify(settings)}' >${SAVED}/${SETTINGS}`
    sandbox.must(set({ tracing: { enabled: true }, namespaces: { enabled: false } }))
    t.match(
      told(),
      /note +config +what was set on the dashboard overrides the files in tracing\.enabled: .*settings\.dyncfg\n/,
    )
    t.match(told(), /note +tracing +not granted/, 'and the rest goes by it')
    sandbox.must(set({ tracing: { enabled: false } }))
    t.match(told(), /good +config +what was set on the dashboard .* is the same as in the files/)
    sandbox.must(`rm -r ${SAVED} /etc/netdata/tcp_resets.conf`)
  })

  await t.test('as somebody else it says what it could not check', async t => {
    const { status, stdout } = sandbox.sh(
      `setpriv --reuid 65534 --regid 65534 --clear-groups '${command}' doctor`,
    )
    t.equal(status, 0)
    t.match(stdout, /unknown +node .*run this as root/)
    t.match(stdout, /good +data /)
    t.match(stdout, /0 wrong, [1-9]\d* not checked/)
  })

  await t.test('the agent does not run', async t => {
    await sandbox.stopNetdata()
    const { findings, status } = examine(sandbox)
    t.equal(status, 1)
    t.match(findings[0], { check: 'netdata', status: 'wrong', saw: /nothing answers at/, advice: /start it/ })
  })
})

t.test(
  'in the first minute after an install, what has not begun is not wrong',
  { skip: noSandbox },
  async t => {
    const sandbox = await openSandbox(t)
    await sandbox.startNetdata()
    sandbox.must("sed -i 's/every = 2/every = 60/' /etc/netdata/netdata.conf")
    await restart(sandbox)
    await sandbox.until(
      'it has seen what there is',
      "curl -s http://127.0.0.1:19999/netdata.conf | grep 'apps = yes'",
    )
    t.equal(sandbox.run('install', '--into', '/').status, 0)
    const { status, findings } = examine(sandbox)
    t.equal(status, 0)
    const early = findings.filter(({ saw }) =>
      /the plugin was put there \d+ s ago, and .* every 60 s/.test(saw),
    )
    t.strictSame(
      early.map(({ check }) => check),
      ['running', 'data', 'alarms'],
    )
  },
)

t.test('an agent in a network namespace of its own', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  sandbox.must(
    'ip netns add apart; ip -n apart link set lo up; ip netns exec apart netdata -P /run/netdata.pid',
  )
  await sandbox.until('it answers', 'ip netns exec apart curl -sf http://127.0.0.1:19999/api/v1/info')
  const { stdout } = sandbox.sh(`ip netns exec apart '${command}' doctor`)
  t.match(
    stdout,
    /note +containers +the agent runs in the network namespace net:\[\d+\], which is not that of process 1/,
  )
})

t.test(
  'an agent with other files, as in a container with the network of the host',
  { skip: noSandbox },
  async t => {
    const sandbox = await openSandbox(t)
    sandbox.must(
      "unshare --mount sh -c 'mount -t tmpfs tmpfs /usr/lib/netdata/plugins.d; exec netdata -P /run/netdata.pid'",
    )
    await sandbox.until('it answers', 'curl -sf http://127.0.0.1:19999/api/v1/info')
    t.match(examine(sandbox).findings[0], {
      check: 'netdata',
      status: 'wrong',
      saw: /is not believed: process \d+ sees another \S+plugins\.d than root does, as in a container; .*found by its files/,
      advice: /an agent in a container needs the plugin inside/,
    })
  },
)

t.test('no Netdata', { skip: noSandbox }, async t => {
  const sandbox = await openSandbox(t)
  sandbox.must('rm -rf /usr/lib/netdata')
  t.match(examine(sandbox), {
    ok: false,
    status: 1,
    findings: [{ check: 'netdata', saw: /no Netdata found: none answers/ }],
  })
})
