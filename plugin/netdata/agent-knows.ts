/** Lines of the protocol that not every agent takes: one that it does not know, and it ends the plugin. */
export interface AgentKnows {
  /** CONFIG: dynamic configuration. */
  readonly configuration: boolean
  /** FUNCTION_DEL: a function that goes. */
  readonly functionDel: boolean
}

/** @param version NETDATA_VERSION, such as `v2.11.0-84-nightly`; absent or unreadable means an old agent */
export function agentKnows(version: string | undefined): AgentKnows {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? []
  const since = (first: number, second: number): boolean =>
    Number(major) > first || (Number(major) === first && Number(minor) >= second)
  return { configuration: since(2, 0), functionDel: since(2, 11) }
}
