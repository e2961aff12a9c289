import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { healthFileFor } from '../../cli/install/health-form'
import type { Netdata } from '../../scripts/private-agent'

// Netdata's own notifier, with all that it can send by, and what it would have sent: the programs that it sends with are
// stand-ins that write that down.

/** What an agent tells its notifier. */
export interface Notice {
  readonly name: string
  readonly chart: string
  readonly status: string
  readonly info: string
  readonly summary: string
}

/** One way to send. */
interface Sender {
  /** What sends it, and where that is curl, to where. */
  readonly by: string
  /** What has to be set in health_alarm_notify.conf. Everything else is what each sender has. */
  readonly settings?: Readonly<Record<string, string>>
  /** Whether Netdata's own form for it has the text of the alarm. In the others are the alarm, its chart and its value. */
  readonly hasInfo: boolean
  /** Whether what is sent is JSON. */
  readonly json?: true
}

const webhook = (name: string, setting: string, hasInfo = true): Sender => ({
  by: `https://${name}.example`,
  settings: { [setting]: `https://${name}.example` },
  hasInfo,
  json: true,
})

/** All that either version has, by the name that its settings begin with. */
export const SENDERS: Readonly<Record<string, Sender>> = {
  ALERTA: webhook('alerta', 'ALERTA_WEBHOOK_URL'),
  AWSSNS: { by: 'aws', hasInfo: false },
  CUSTOM: { by: 'https://custom.example', hasInfo: true },
  DISCORD: webhook('discord', 'DISCORD_WEBHOOK_URL'),
  DYNATRACE: {
    ...webhook('dynatrace', 'DYNATRACE_SERVER', false),
    settings: {
      DYNATRACE_SERVER: 'https://dynatrace.example',
      DYNATRACE_SPACE: 'x',
      DYNATRACE_TOKEN: 'x',
      DYNATRACE_TAG_VALUE: 'x',
    },
  },
  EMAIL: { by: 'sendmail', hasInfo: true },
  FLEEP: { by: 'https://fleep.io', settings: { FLEEP_SERVER: 'x', FLEEP_SENDER: 'x' }, hasInfo: true },
  FLOCK: webhook('flock', 'FLOCK_WEBHOOK_URL'),
  GOTIFY: {
    ...webhook('gotify', 'GOTIFY_APP_URL', false),
    settings: { GOTIFY_APP_URL: 'https://gotify.example', GOTIFY_APP_TOKEN: 'x' },
  },
  HANGOUTS: {
    ...webhook('hangouts', 'HANGOUTS_WEBHOOK_URI[x]'),
    settings: { 'HANGOUTS_WEBHOOK_URI[x]': 'https://hangouts.example' },
  },
  HIPCHAT: {
    by: 'https://hipchat.example',
    settings: { HIPCHAT_SERVER: 'hipchat.example', HIPCHAT_AUTH_TOKEN: 'x' },
    hasInfo: true,
    json: true,
  },
  // Its form has a word without quotes in it.
  ILERT: {
    by: 'https://ilert.example',
    settings: { ILERT_ALERT_SOURCE_URL: 'https://ilert.example' },
    hasInfo: true,
  },
  IRC: { by: 'nc', settings: { IRC_NETWORK: 'x', IRC_NICKNAME: 'x', IRC_REALNAME: 'x' }, hasInfo: true },
  KAFKA: {
    by: 'https://kafka.example',
    settings: { KAFKA_URL: 'https://kafka.example', KAFKA_SENDER_IP: 'x' },
    hasInfo: true,
  },
  KAVENEGAR: {
    by: 'http://api.kavenegar.com',
    settings: { KAVENEGAR_API_KEY: 'x', KAVENEGAR_SENDER: 'x' },
    hasInfo: true,
  },
  MATRIX: {
    ...webhook('matrix', 'MATRIX_HOMESERVER'),
    settings: { MATRIX_HOMESERVER: 'https://matrix.example', MATRIX_ACCESSTOKEN: 'x' },
  },
  MESSAGEBIRD: {
    by: 'https://rest.messagebird.com',
    settings: { MESSAGEBIRD_ACCESS_KEY: 'x', MESSAGEBIRD_NUMBER: 'x' },
    hasInfo: true,
  },
  MSTEAMS: webhook('msteams', 'MSTEAMS_WEBHOOK_URL', false),
  NTFY: { by: 'https://ntfy.example', hasInfo: true },
  OPSGENIE: {
    ...webhook('opsgenie', 'OPSGENIE_API_URL'),
    settings: { OPSGENIE_API_URL: 'https://opsgenie.example', OPSGENIE_API_KEY: 'x' },
  },
  PD: { by: 'https://events.pagerduty.com', hasInfo: true, json: true },
  PROWL: { by: 'https://api.prowlapp.com', hasInfo: true },
  PUSHBULLET: {
    by: 'https://api.pushbullet.com',
    settings: { PUSHBULLET_ACCESS_TOKEN: 'x' },
    hasInfo: false,
    json: true,
  },
  PUSHOVER: { by: 'https://api.pushover.net', settings: { PUSHOVER_APP_TOKEN: 'x' }, hasInfo: true },
  ROCKETCHAT: webhook('rocketchat', 'ROCKETCHAT_WEBHOOK_URL'),
  SIGNL4: webhook('signl4', 'SIGNL4_WEBHOOK_URL'),
  SLACK: webhook('slack', 'SLACK_WEBHOOK_URL'),
  SMS: { by: 'sendsms', hasInfo: false },
  SMSEAGLE: {
    ...webhook('smseagle', 'SMSEAGLE_API_URL', false),
    settings: { SMSEAGLE_API_URL: 'https://smseagle.example', SMSEAGLE_API_ACCESSTOKEN: 'x' },
  },
  STACKPULSE: webhook('stackpulse', 'STACKPULSE_WEBHOOK'),
  SYSLOG: { by: 'logger', hasInfo: false },
  TELEGRAM: {
    by: 'https://api.telegram.org',
    settings: { TELEGRAM_BOT_TOKEN: 'x', TELEGRAM_API_URL: 'https://api.telegram.org' },
    hasInfo: true,
  },
  TWILIO: {
    by: 'https://api.twilio.com',
    settings: { TWILIO_ACCOUNT_SID: 'x', TWILIO_ACCOUNT_TOKEN: 'x', TWILIO_NUMBER: 'x' },
    hasInfo: true,
  },
}

/** To whom, where it is not just anybody. */
const RECIPIENTS: Readonly<Record<string, string>> = {
  AWSSNS: 'arn:aws:sns:eu-central-1:1:x',
  NTFY: 'https://ntfy.example/x',
}

const PROGRAMS = ['curl', 'sendmail', 'nc', 'logger', 'aws', 'sendsms', 'systemd-cat-native']

/** What was handed to one program: its arguments, and last what it read. */
export interface Sent {
  readonly program: string
  readonly words: readonly string[]
}

/** All that Netdata can send by, as far as its own configuration names it. */
export function sendersOf({ stockConf }: Netdata): string[] {
  const conf = readFileSync(join(stockConf, 'health_alarm_notify.conf'), 'utf8')
  return [...conf.matchAll(/^ *SEND_([A-Z0-9]+)=/gm)].map(([, name = '']) => name).sort()
}

/** The arguments that the agent gives its notifier, in their order, which is another one from 1.43 on. */
export function argumentsOf(notice: Notice, isOld: boolean): string[] {
  const { name, chart, status, info, summary } = notice
  const old = status === 'CLEAR' ? 'WARNING' : 'CLEAR'
  return [
    ...['sysadmin', 'web-1', '1', '2', '3', '1764100000', name, chart],
    ...(isOld ? ['tcp'] : []),
    ...[status, old, '212', '0', `23@/etc/netdata/health.d/tcp_resets.conf`, '60', '60', 'resets/s', info],
    ...['212 resets/s', '0 resets/s', '$this > 5', '[ $this = 212 ]', '1', '0', '', '', 'Errors'],
    ...['edit-config health.d/tcp_resets.conf=23=web-1', ''],
    ...(isOld ? [] : ['5f8c0bd4', summary, 'ipv4.tcp_resets', 'Network', 'System']),
  ]
}

/** Whether the agent is one of those before summaries. */
export function isOld({ stockConf }: Netdata): boolean {
  return healthFileFor(stockConf).includes('1.37')
}

/**
 * Has Netdata's own notifier send a notice by all that it has.
 *
 * @param dir for what is needed
 * @param pagerDuty the version of PagerDuty's interface
 * @returns what it handed to the programs that send, and what it logged
 */
export async function notify(
  netdata: Netdata,
  dir: string,
  notice: Notice,
  pagerDuty: 1 | 2,
): Promise<{ readonly sent: readonly Sent[]; readonly log: string }> {
  const own = mkdtempSync(join(dir, 'notice-'))
  const [bin, record, etc] = ['bin', 'record', 'etc'].map(name => join(own, name)) as [string, string, string]
  for (const each of [bin, record, etc]) mkdirSync(each)
  for (const program of PROGRAMS) {
    copyFileSync(join(__dirname, 'notifier-stand-in.sh'), join(bin, program))
    chmodSync(join(bin, program), 0o755)
  }
  const conf = Object.entries(SENDERS).flatMap(([name, { settings = {} }]) => [
    `SEND_${name}=YES`,
    `DEFAULT_RECIPIENT_${name}='${RECIPIENTS[name] ?? 'x'}'`,
    ...Object.entries(settings).map(([key, value]) => `${key}='${value}'`),
  ])
  conf.push(`USE_PD_VERSION=${pagerDuty}`, `custom_sender() { docurl -d "\${info}" https://custom.example; }`)
  writeFileSync(join(etc, 'health_alarm_notify.conf'), `${conf.join('\n')}\n`)

  const child = spawn(join(netdata.stockPlugins, 'alarm-notify.sh'), argumentsOf(notice, isOld(netdata)), {
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      RECORD: record,
      NETDATA_USER_CONFIG_DIR: etc,
      NETDATA_STOCK_CONFIG_DIR: netdata.stockConf,
      NETDATA_CACHE_DIR: own,
      NETDATA_REGISTRY_URL: 'http://registry.example',
      NETDATA_REGISTRY_UNIQUE_ID: 'x',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [log] = await Promise.all([text(child.stderr), once(child, 'close')])
  const sent = readdirSync(record).map(file => ({
    program: file.replace(/\..*/, ''),
    words: readFileSync(join(record, file), 'utf8').split('\0'),
  }))
  return { sent, log }
}
