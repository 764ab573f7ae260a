/*
 * A provider in a process of its own, whose environment says that everything is to go through a proxy and that certificates do
 * not matter. Its parent is environment.test.ts; it reports what became of two notifications.
 */
import { createAuthority } from '../../support/authority.js'
import { startNotifying } from '../notified_clients.js'
import { startTlsReceiver } from './hostile_receivers.js'

const { ca, issue } = await createAuthority()
const good = await startTlsReceiver(await issue(['good.example']))
const bad = await startTlsReceiver(await issue(['bad.example'], { isSelfSigned: true }))
const ports = [good.port, bad.port]
const op = await startNotifying({ allow: ['127.0.0.1'], ports, ca, resolve: () => ['127.0.0.1'] })

async function notify(name: string, port: number) {
  await op.keep(name, `https://${name}.example:${port}/`)
  const id = await op.held(name)
  await op.provider.deferrals.approve(id)
  return await op.attempted(id)
}

process.send?.({
  good: (await notify('good', good.port)).status,
  bad: (await notify('bad', bad.port)).reason,
  requests: [good.requests.length, bad.requests.length],
})
await op.close()
await Promise.all([good.close(), bad.close()])
process.disconnect()
