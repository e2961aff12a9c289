import { existsSync } from 'node:fs'
import t, { type Test } from 'tap'
import { command, noSandbox, openSandbox, type Sandbox } from './sandbox'

// Agents that do not answer plain HTTP to everybody with data and alarms. What they keep to themselves, or are not to
// have, is no fault: installing works, and the doctor ends with 0.

interface Kind {
  /** What its netdata.conf has more than others; `@ETC@` is its directory. */
  readonly conf: string
  /** Commands before it is started. */
  readonly first?: string
  readonly url?: string
  /** Succeeds once it has started, where it gives no answer to anybody. */
  readonly started?: string
  readonly says: RegExp
  readonly doctor: readonly RegExp[]
  /** What the doctor says to somebody who is not root. */
  readonly asOthers?: RegExp
  /** Where there is only one kind of agent that knows this. */
  readonly only?: string
}

const KINDS: Readonly<Record<string, Kind>> = {
  'a certificate, so that plain HTTP is sent elsewhere': {
    first: `openssl req -x509 -newkey rsa:2048 -nodes -keyout @ETC@/k.pem -out @ETC@/c.pem -days 3 -subj /CN=x 2>/dev/null
      chown netdata @ETC@/k.pem @ETC@/c.pem`,
    conf: '[web]\n ssl key = @ETC@/k.pem\n ssl certificate = @ETC@/c.pem\n bind to = 127.0.0.1',
    says: /Data and alarms are there\.\n {2}chart {3}https:\S+\n {2}guides {2}https:/,
    doctor: [/good +netdata .* answers at https:/, /good +data /, /good +alarms /, /good +guides /],
  },
  'a certificate, and its address': {
    first: ':',
    conf: '[web]\n ssl key = @ETC@/k.pem\n ssl certificate = @ETC@/c.pem\n bind to = 127.0.0.1',
    url: 'https://127.0.0.1:19999',
    says: /Data and alarms are there\./,
    doctor: [/good +data /],
  },
  'no web server': {
    conf: '[web]\n mode = none',
    started: 'true',
    says: /The plugin runs \(process \d+\)\. Data: can't be asked: netdata\.conf, \[web\]: mode = none/,
    doctor: [/note +netdata .*process \d+, user netdata, runs/, /good +running /, /note +data .*mode = none/],
  },
  'a Unix socket and nothing else': {
    conf: '[web]\n bind to = unix:/run/netdata-only.sock',
    started: 'curl -s -o /dev/null --unix-socket /run/netdata-only.sock http://localhost/',
    // No addresses; the dashboard is there all the same, for a proxy.
    says: /Data and alarms are there\.\n(With this line .*\n {2}custom dashboard_info\.js = .*\n)?$/,
    doctor: [/good +netdata .* answers at unix:/, /good +data /, /good +alarms /, /good +guides /],
  },
  'a dashboard for others': {
    conf: '[web]\n allow dashboard from = 10.9.9.*\n bind to = 127.0.0.1',
    says: /The plugin runs .* Data: can't be asked: netdata\.conf, \[web\]: allow dashboard from = 10\.9\.9\.\*/,
    doctor: [/note +netdata /, /good +running /, /note +data .*allow dashboard from/, /note +alarms /],
  },
  'connections from others': {
    conf: '[web]\n allow connections from = 10.9.9.*\n bind to = 127.0.0.1',
    started: 'true',
    says: /The plugin runs .* Data: can't be asked: it does not answer at http:\S+: see \[web\] in /,
    doctor: [/note +netdata /, /good +running /, /note +data /],
  },
  'something in front of it, with a path': {
    first: `'${process.execPath}' -e 'http.createServer((ask, to) =>
      http.get("http://127.0.0.1:19999" + ask.url.replace(/^.netdata/, ""), from => { to.writeHead(from.statusCode, from.headers); from.pipe(to) })
        .on("error", () => to.destroy())).listen(8080, "127.0.0.1")' >/dev/null 2>&1 &`,
    conf: '[web]\n bind to = 127.0.0.1',
    url: 'http://127.0.0.1:8080/netdata',
    says: /Data and alarms are there\./,
    doctor: [/good +netdata .* answers at http:\/\/127\.0\.0\.1:19999/, /good +data /, /good +guides /],
    asOthers: /good +netdata .* answers at http:\/\/127\.0\.0\.1:8080\/netdata[\s\S]*good +data /,
  },
  'no alarms and no database': {
    conf: '[health]\n enabled = no\n[db]\n mode = none\n[web]\n bind to = 127.0.0.1',
    says: /The plugin runs .* Data: none is kept: netdata\.conf, \[db\]: (mode|db) = none\nAlarms: off: .*\[health\]/,
    doctor: [/good +netdata /, /good +running /, /note +data .*\[db\]/, /note +alarms .*\[health\]/],
  },
  'no alarms': {
    conf: '[health]\n enabled = no\n[web]\n bind to = 127.0.0.1',
    says: /Data is there\.\nAlarms: off: .*\[health\]: enabled = no/,
    doctor: [/good +data /, /note +alarms .*\[health\]/, /note +guides /],
  },
  'bearer protection': {
    conf: '[web]\n bearer token protection = yes\n bind to = 127.0.0.1',
    says: /The plugin runs .* Data: can't be asked: netdata\.conf, \[web\]: bearer token protection = yes/,
    doctor: [/note +netdata .*bearer/, /good +running /, /note +data .*bearer/],
    only: '/opt/netdata-2.11',
  },
}

function confOf(etc: string, { conf }: Kind): string {
  const often = '[plugins]\n check for new plugins every = 2\n[health]\n run at least every seconds = 1\n'
  const usual = `[global]\n run as user = netdata\n${often}`
  const db = conf.includes('[db]') ? '' : '\n[db]\n mode = ram'
  return `${usual}${conf.replaceAll('@ETC@', etc)}${db}\n[cloud]\n enabled = no\n[ml]\n enabled = no\n`
}

async function tryKind(t: Test, sandbox: Sandbox, prefix: string, kind: Kind): Promise<void> {
  const etc = `${prefix}/etc/netdata`
  const pid = '/run/netdata.pid'
  const options = `--netdata-prefix '${prefix || '/'}' ${kind.url ? `--url ${kind.url}` : ''}`
  sandbox.must(`${kind.first?.replaceAll('@ETC@', etc) ?? ':'}
    printf '%s' '${confOf(etc, kind)}' >${etc}/netdata.conf
    ${prefix}/usr/sbin/netdata -P ${pid} 2>/dev/null`)
  const answers = kind.started ?? 'curl -s -o /dev/null http://127.0.0.1:19999/'
  await sandbox.until('it has started', `kill -0 "$(cat ${pid})" && ${answers}`)
  const installed = sandbox.sh(`'${command}' install ${options}`)
  t.match(installed, { status: 0, stderr: '', stdout: kind.says })
  const seen = sandbox.sh(`'${command}' doctor ${options}`)
  t.equal(seen.status, 0, seen.stdout)
  for (const line of kind.doctor) t.match(seen.stdout, line)
  if (kind.asOthers)
    t.match(
      sandbox.sh(`setpriv --reuid 65534 --regid 65534 --clear-groups '${command}' doctor ${options}`).stdout,
      kind.asOthers,
    )
  t.match(sandbox.sh(`'${command}' reload ${options}`), { status: 0, stderr: '' })
  t.match(sandbox.sh(`'${command}' uninstall ${options}`), { status: 0, stderr: '' })
  await sandbox.until('the plugin has ended', "! pgrep -f 'tcp_resets[.]plugin'", 20)
  await sandbox.stopNetdata()
}

for (const [version, prefix] of [
  ['of the distribution', ''],
  ['2.11', '/opt/netdata-2.11'],
]) {
  const missing = !existsSync(`${prefix}/usr/sbin/netdata`) && `no Netdata in ${prefix}`
  t.test(`Netdata ${version}`, { skip: noSandbox || missing }, async t => {
    const sandbox = await openSandbox(t)
    for (const [name, kind] of Object.entries(KINDS)) {
      if (kind.only !== undefined && kind.only !== prefix) continue
      await t.test(name, t => tryKind(t, sandbox, `${prefix}`, kind))
    }
  })
}
