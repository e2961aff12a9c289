import { closeSync, constants, fstatSync, openSync, readSync, truncateSync } from 'node:fs'
import type { Request } from '../../plugin/recording/request'
import { kindOf } from '../install/whose'

const MOST_BYTES = 64 * 1024

/**
 * Takes what was asked for out of the request file. Another user writes to it, so nothing of it is believed but what has the
 * form of a name. Where nothing was asked for the file is left alone: every change to it has this started.
 *
 * @param path in a directory of root's, so that it is the same file all the time
 * @returns in the order in which they were made, each name once
 * @throws the system's error, or where it is no file
 */
export function takeRequests(path: string): Request[] {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new Error(`${path}: expected a file, found ${kindOf(stat)}: remove it`)
    if (stat.size === 0) return []
    const buffer = Buffer.alloc(MOST_BYTES)
    const text = buffer.toString('latin1', 0, readSync(fd, buffer, 0, MOST_BYTES, 0))
    truncateSync(path)
    const requests = text.split('\n').flatMap(readRequest).reverse()
    return [...new Map(requests.map(request => [request.name, request])).values()].reverse()
  } finally {
    closeSync(fd)
  }
}

function readRequest(line: string): Request[] {
  const [, name, inode] = /^([\w.-]{1,200})(?: (\d{1,15}))?$/.exec(line) ?? []
  return name === undefined ? [] : [{ name, ...(inode !== undefined && { inode: Number(inode) }) }]
}
