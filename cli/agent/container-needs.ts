/** What a container of Netdata needs from its host, and what for. */
export interface Need {
  /** For `docker run`; Compose and Kubernetes have a word for each. */
  readonly flag: string
  readonly why: string
}

export const NETWORK: Need = { flag: '--network=host', why: 'the resets of the host, not of this container' }
export const PROC: Need = { flag: '-v /proc:/host/proc:ro', why: 'charts of other containers' }
export const PROCESSES: Need = { flag: '--pid=host', why: 'new containers are found at less cost' }
export const POD_LOGS: Need = { flag: '-v /var/log/pods:/host/var/log/pods:ro', why: 'names of pods' }
export const POD_CONTAINERS: Need = {
  flag: '-v /var/log/containers:/host/var/log/containers:ro',
  why: 'names of containers in pods',
}
export const NETNS: Need = { flag: '-v /run/netns:/host/run/netns:ro,rslave', why: 'names of ip netns' }
export const TRACING: Need = {
  flag: '-v /run/netdata-tcp-resets:/run/netdata-tcp-resets:ro,rslave',
  why: 'reasons and peers, if the host has given the grant',
}

export const NEEDS: readonly Need[] = [NETWORK, PROCESSES, PROC, POD_LOGS, POD_CONTAINERS, NETNS, TRACING]
