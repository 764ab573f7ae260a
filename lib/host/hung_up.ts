import type { KoaContextWithOIDC } from 'oidc-provider'

/** Whether the client has closed its connection. No answer can reach it then, and the response emits no `close` any more. */
export function hasHungUp({ req, res }: Pick<KoaContextWithOIDC, 'req' | 'res'>): boolean {
  // over HTTP/2 each request has its own stream
  const { stream = req.socket } = req as { stream?: { destroyed: boolean } }
  return res.destroyed || (stream?.destroyed ?? false)
}
