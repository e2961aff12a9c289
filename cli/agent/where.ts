/** What a person says of the agent that is meant. */
export interface Where {
  readonly platform: NodeJS.Platform
  /** The agent's address. */
  readonly url: string
  /** Where the agent is installed; wins over what a running one says. */
  readonly prefix: string | undefined
}
