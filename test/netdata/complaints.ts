import type { Agent } from '../../scripts/private-agent'

/** What the agent wrote about the plugin and its charts that it would not write of a good one. */
export function complaintsIn(log: string): string[] {
  const words = /error|warn|unknown|disab|ignor|cannot|invalid|exited/i
  // When it ends, 1.37 looks for folders of obsolete charts that it does not make in this mode.
  // When it starts, it sometimes links an alarm to its own chart twice, and tells so.
  const usual =
    /left-over chart directory|Alert event|notification for alarm|msg="ALERT '|on chart 'netdata\.uptime' failed to be added .* It already exists/
  // Both write to one file, and the agent writes its lines in parts: a line of the plugin's can come after such a part.
  const lines = log.replace(/ (?=\d{4}-\d\d-\d\dT[\d:]{8}Z tcp_resets\.plugin )/g, '\n').split('\n')
  return lines.filter(line => line.includes('tcp_resets') && words.test(line) && !usual.test(line))
}

/**
 * Stops an agent, and gives what it has logged up to then; with 1.37, also what it logs of the end. Agents from 2 on kill
 * every plugin when they stop, without waiting for it, and complain of that.
 */
export async function stopAndRead(agent: Agent): Promise<string> {
  const { version } = (await agent.json('/api/v1/info')) as { version: string }
  const before = agent.log()
  await agent.stop()
  return version.startsWith('v1.') ? agent.log() : before
}
