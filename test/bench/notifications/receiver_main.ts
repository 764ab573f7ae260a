/*
 * The notification endpoints of the bench in a process of their own: `hang` never answers, `once` leaves the first attempt without
 * an answer, all others take what comes.
 */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ServerCertificate } from '../../support/authority.js'
import type { Arrival } from './receiver.js'

const [certificate] = (await once(process, 'message')) as [ServerCertificate]
process.once('disconnect', () => process.exit())

let arrivals: Arrival[] = []
const server = createServer(certificate, (request, response) => {
  const { headers, url = '' } = request
  request.resume().once('end', () => {
    // left without an answer, and not counted
    if (headers.host?.startsWith('hang.')) return
    const attempt = Number(headers['delivery-attempt'])
    arrivals.push({ id: String(headers['delivery-id']), attempt, sender: url.slice(1), at: process.hrtime.bigint() })
    const isLeft = attempt === 1 && headers.host?.startsWith('once.')
    if (!isLeft) response.writeHead(204).end()
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.((server.address() as AddressInfo).port)

process.on('message', (wanted: 'count' | 'take') => {
  process.send?.(wanted === 'count' ? arrivals.length : arrivals)
  if (wanted === 'take') arrivals = []
})
