import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HOME } from './command-files'
import type { Wanted } from './plan'
import { run } from './run'

// What records a burst when it begins: the command itself, which systemd starts.

const PATH_UNIT = 'tcp-resets-recording.path'
const SERVICE = 'tcp-resets-recording.service'
const UNITS = [PATH_UNIT, SERVICE, 'tcp-resets-recording-request.service']

/**
 * The units of the recorder.
 *
 * @param group the agent's; absent where that is not known
 */
export function recordingFiles(dist: string, group: number | undefined): Wanted[] {
  return UNITS.map(name => ({
    path: join('/etc/systemd/system', name),
    // As they are they name the places of the Debian package, and Debian's group.
    content: Buffer.from(
      readFileSync(join(dist, 'systemd', name), 'utf8')
        .replaceAll('/usr/sbin/tcp-resets', `${HOME}/bin/tcp-resets`)
        .replaceAll('Group=netdata', `Group=${group ?? 'netdata'}`),
    ),
    mode: 0o644,
    ifEdited: 'ours-beside' as const,
  }))
}

/**
 * From now on, and from every boot on, bursts are recorded.
 *
 * @returns what went wrong, for a person
 */
export function startRecording(): string | undefined {
  return (
    run(['systemctl', 'daemon-reload']) ??
    run(['systemctl', 'enable', PATH_UNIT]) ??
    run(['systemctl', 'restart', PATH_UNIT])
  )
}

/** No more; while the files are still there. A recording that is being made ends where it is. */
export function stopRecording(): string | undefined {
  return run(['systemctl', 'disable', '--now', PATH_UNIT]) ?? run(['systemctl', 'stop', SERVICE])
}
