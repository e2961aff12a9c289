/** Every option, as the plugin uses it. What each means is told in conf.d/tcp_resets.conf. */
export interface Config {
  readonly update_every: number
  readonly namespaces: NamespacesConfig
  readonly tracing: TracingConfig
}

export interface NamespacesConfig {
  readonly enabled: boolean
  /** Netdata's simple patterns. */
  readonly include: string
  readonly exclude: string
  readonly max: number
  readonly ring: string
}

export interface TracingConfig {
  readonly enabled: boolean
  readonly function: boolean
  /** On agents that know rights. */
  readonly function_for: 'signed_in' | 'anyone'
  readonly directory: string
}

/** What one file says: any of the options, and any of a section's. */
export type PartialConfig = {
  readonly [Key in keyof Config]?: Config[Key] extends object ? Partial<Config[Key]> : Config[Key]
}

/** One thing wrong with a configuration file. Lines and columns count from 1. */
export interface ConfigFault {
  readonly line: number
  readonly column: number
  /** What was expected and what was found, on one line. */
  readonly message: string
}
