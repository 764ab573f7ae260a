import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type Deployment, type Planted, token } from './deployment.js'

/** What the loop is told. */
export interface Loop {
  ca: string
  /** requests at once */
  perHost: number
  requests: { endpoint: string; posts: { headers: Record<string, string>; body: string }[] }[]
}

/** Sends what a worker would send for these, and resolves to the microseconds of CPU it took. */
export async function postAll({ receiver }: Deployment, planted: Planted[], perHost: number): Promise<number> {
  const child = fork(new URL('./post_loop_main.js', import.meta.url), { serialization: 'advanced' })
  await once(child, 'message')
  const clientIds = [...new Set(planted.map(({ clientId }) => clientId))]
  const loop: Loop = {
    ca: receiver.notification.ca,
    perHost,
    requests: clientIds.map((clientId) => ({
      endpoint: receiver.endpointOf(clientId, 'loop'),
      posts: planted.filter((one) => one.clientId === clientId).map(postOf),
    })),
  }
  child.send(loop)
  const [cpu] = (await once(child, 'message')) as [number]
  child.disconnect()
  await once(child, 'exit')
  return cpu
}

function postOf({ id, handle }: Planted) {
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'oidc-provider-deferred',
    'delivery-id': id,
    'delivery-attempt': '1',
    authorization: `Bearer ${token}`,
  }
  return { headers, body: JSON.stringify({ deferral_code: handle }) }
}
