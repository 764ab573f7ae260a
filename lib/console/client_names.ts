import { errors, type Provider } from 'oidc-provider'

/** The name that a client is registered with; its id, if it has none or is not registered any more. */
export type ClientNames = (clientId: string) => Promise<string>

const lifetime = 60_000
const mostNames = 1000

/** Reads names of clients, and remembers each for a minute. */
export function clientNames(provider: Provider): ClientNames {
  const names = new Map<string, { name: Promise<string>; until: number }>()

  async function find(clientId: string): Promise<string> {
    try {
      const client = await provider.Client.find(clientId)
      return client?.clientName || clientId
    } catch (error) {
      // a registration that the host does not accept any more: the queue still has to show its requests
      if (error instanceof errors.InvalidClientMetadata) return clientId
      throw error
    }
  }

  return (clientId) => {
    const remembered = names.get(clientId)
    if (remembered && remembered.until > Date.now()) return remembered.name
    if (names.size >= mostNames) names.clear()
    const name = find(clientId)
    names.set(clientId, { name, until: Date.now() + lifetime })
    // a fault of the adapter must not be remembered
    name.catch(() => names.delete(clientId))
    return name
  }
}
