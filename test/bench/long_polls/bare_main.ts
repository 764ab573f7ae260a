/*
 * A server that holds every request and does nothing else. Says its port, and what it uses when it is asked.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bytesInUse } from '../../support/bytes_in_use.js'

process.once('disconnect', () => process.exit())
const held: unknown[] = []
const server = createServer((_request, response) => held.push(response))
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('message', () => process.send?.(bytesInUse()))
