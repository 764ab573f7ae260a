import type { Deferral } from 'oidc-provider-deferred'
import type { TestProvider } from './provider.js'

/** What this work results in, and the id of the deferral that it created. */
export async function created<T>(
  { provider }: TestProvider,
  work: () => Promise<T>,
): Promise<{ result: T; id?: string }> {
  const ids: string[] = []
  const note = ({ id }: Deferral) => ids.push(id)
  provider.on('deferral.created', note)
  const result = await work()
  provider.off('deferral.created', note)
  const [id] = ids
  return { result, ...(id !== undefined && { id }) }
}
