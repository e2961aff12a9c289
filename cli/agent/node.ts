import { type Outcome, runAs, type User } from './user'

/** The oldest major version of Node that the plugin runs on; `package.json` says so too. */
export const OLDEST_NODE = 18

/** A link to a Node, or a Node, beside the plugin. It goes before the PATH: see scripts/launcher.sh. */
export function pinnedNode(plugin: string): string {
  return `${plugin}.node`
}

/** Asks the Node that the plugin's first lines would find for its version. */
export function askAgentsNode(user: User, path: string, plugin: string): Outcome {
  const script = `why="no node or nodejs on PATH ($PATH)"
    for node in "$0" "$(command -v node)" "$(command -v nodejs)"; do
      [ -x "$node" ] || continue
      said=$("$node" --version 2>&1) && { printf '%s\\n' "$node" "$said"; exit; }
      why="$node does not run: $said"
    done
    echo "$why" >&2; exit 1`
  return runAs(user, path, ['sh', '-c', script, pinnedNode(plugin)])
}

/** Asks one on the PATH alone. */
export function askNodeOnPath(user: User, path: string): Outcome {
  return askAgentsNode(user, path, '/nonexistent.plugin')
}

/** Whether the outcome of asking is a Node that is new enough. */
export function isNewEnough({ status, stdout }: Outcome): boolean {
  return status === 0 && Number(/^v(\d+)\./m.exec(stdout)?.[1]) >= OLDEST_NODE
}
