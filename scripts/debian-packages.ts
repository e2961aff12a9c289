import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/**
 * Sees to it that commands (looked for on PATH and in the sbin directories) or files (absolute paths) are there: as root
 * on Debian and its like, the packages of those that are not are installed, and standard error says so. Services that
 * come with them are neither started nor left to start at boot.
 *
 * @param packages what is needed, and the package it is in: `{ nft: 'nftables' }`
 * @returns the packages that are still missing, each once; empty when all is there
 */
export function ensurePackages(packages: Record<string, string>): { missing: string[] } {
  const missing = () => [
    ...new Set(
      Object.keys(packages)
        .filter(absent)
        .map(name => packages[name] as string),
    ),
  ]
  const wanted = missing()
  if (
    wanted.length === 0 ||
    process.getuid?.() !== 0 ||
    absent('apt-get') ||
    !existsSync('/etc/debian_version')
  ) {
    return { missing: wanted }
  }
  say(`Installing with apt-get: ${wanted.join(' ')}`)
  const before = services()
  const refused = wanted.filter(name => !install(name)) // one by one: one that does not exist spoils no other
  if (refused.length > 0 && apt('apt-get -q update')) refused.forEach(install)
  for (const service of services().filter(name => !before.includes(name))) {
    spawnSync('update-rc.d', [service, 'disable'])
    say(
      `The service ${service} was not started, and is disabled; "systemctl enable --now ${service}" turns it on`,
    )
  }
  return { missing: missing() }
}

function absent(name: string): boolean {
  if (isAbsolute(name)) return !existsSync(name)
  const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return !path.some(dir => isExecutable(join(dir, name)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function install(name: string): boolean {
  return apt(`apt-get -q install --yes --no-install-recommends ${name}`)
}

/**
 * Runs an apt-get command. Meanwhile a policy-rc.d, Debian's own switch, keeps services from starting, unless the
 * machine has one already. The shell and not this process removes it, so that it goes even if this process is killed.
 */
function apt(command: string): boolean {
  const script = `
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      trap 'rm -f $policy' EXIT
      trap 'exit 130' HUP INT TERM
      printf '#!/bin/sh\\nexit 101\\n' >$policy && chmod +x $policy
    fi
    ${command} </dev/null >&2`
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('sh', ['-c', script], { env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
}

/** Those that start when the system is up. What only prepares it while it boots (procps, x11-common) serves nobody. */
function services(): string[] {
  if (!existsSync('/etc/init.d')) return []
  return readdirSync('/etc/init.d').filter(name =>
    /^# Default-Start:.*[2-5]/m.test(readFileSync(join('/etc/init.d', name), 'utf8')),
  )
}

function say(line: string) {
  process.stderr.write(`${line}\n`)
}
