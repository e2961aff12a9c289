import { readFileSync } from 'node:fs'
import { attempt } from '../attempt'

/** For where there is no /etc/services, as in many containers: IANA's names of what is seen most. */
const WELL_KNOWN: readonly (readonly [number, string])[] = [
  [21, 'ftp'],
  [22, 'ssh'],
  [23, 'telnet'],
  [25, 'smtp'],
  [53, 'domain'],
  [80, 'http'],
  [110, 'pop3'],
  [111, 'sunrpc'],
  [143, 'imap2'],
  [179, 'bgp'],
  [389, 'ldap'],
  [443, 'https'],
  [445, 'microsoft-ds'],
  [465, 'submissions'],
  [587, 'submission'],
  [636, 'ldaps'],
  [853, 'domain-s'],
  [873, 'rsync'],
  [993, 'imaps'],
  [995, 'pop3s'],
  [1433, 'ms-sql-s'],
  [1883, 'mqtt'],
  [2049, 'nfs'],
  [3306, 'mysql'],
  [3389, 'ms-wbt-server'],
  [5432, 'postgresql'],
  [5672, 'amqp'],
  [6379, 'redis'],
  [8080, 'http-alt'],
  [27017, 'mongodb'],
]

/**
 * The names of TCP services by port: /etc/services, services(5), read once, when first asked for.
 *
 * @param path of that file
 */
export function serviceNames(path: string): (port: number) => string | undefined {
  let names: ReadonlyMap<number, string> | undefined
  return port => {
    names ??= read(path)
    return names.get(port)
  }
}

function read(path: string): ReadonlyMap<number, string> {
  return attempt(() => parseServices(readFileSync(path, 'latin1'))) ?? new Map(WELL_KNOWN)
}

/** @returns the first name of each TCP port */
export function parseServices(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const [, name = '', port = ''] of text.matchAll(/^([\w.+-]{1,32})[ \t]+(\d{1,5})\/tcp\b/gim)) {
    if (!names.has(Number(port))) names.set(Number(port), name)
  }
  return names
}
