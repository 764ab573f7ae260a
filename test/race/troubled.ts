import type { Adapter } from 'oidc-provider'
import type { DeferralStore } from 'oidc-provider-deferred'
import { startProvider, type TestProvider } from '../support/provider.js'
import { type Seeder, seederOn } from './seed.js'

/** Two nodes on one storage that is slow and fails now and then, and what was minted at them. */
export interface Troubled {
  nodes: [TestProvider, TestProvider]
  seed: Seeder
  /** access tokens of this Grant that are alive */
  alive(grantId: string): Promise<string[]>
  trouble: { share: number }
  adapter: (name: string) => Adapter
  close(): Promise<void>
}

/** Every call takes some turns of the event loop; a share of them fails, half of those after they did their work. */
function troubled(store: DeferralStore, random: () => number, trouble: Troubled['trouble']): DeferralStore {
  const slow = async (most: number) => {
    for (let turns = random() * most; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve))
  }
  return new Proxy(store, {
    get:
      (inner, verb) =>
      async (...args: unknown[]) => {
        const fails = random() < trouble.share
        const isApplied = random() < 0.5
        await slow(6)
        if (fails && !isApplied) throw new Error('not applied')
        const result: unknown = await Reflect.apply(Reflect.get(inner, verb), inner, args)
        // that a reply is lost shows late, when others have gone on
        await slow(fails ? 200 : 6)
        if (fails) throw new Error('applied, and the reply is lost')
        return result
      },
  })
}

/** Starts the two; `spoil` plants another store. */
export async function startTroubled(
  { store, adapter: make }: { store: DeferralStore; adapter: (name: string) => Adapter },
  random: () => number,
  spoil = (one: DeferralStore) => one,
): Promise<Troubled> {
  const trouble = { share: 0 }
  const minted: [grantId: string, id: string][] = []
  const adapter = (name: string): Adapter => {
    const inner = make(name)
    const upsert: Adapter['upsert'] = async (id, payload, expiresIn) => {
      if (name === 'AccessToken') minted.push([payload.grantId as string, id])
      return inner.upsert(id, payload, expiresIn)
    }
    return { ...inner, upsert }
  }
  const options = {
    issuer: 'http://op.example',
    configuration: { adapter },
    // at this interval no poll comes too early
    deferred: { store: spoil(troubled(store, random, trouble)), defer: () => false, interval: 1 },
  }
  const nodes: Troubled['nodes'] = [await startProvider(options), await startProvider(options)]
  const { seed } = await seederOn({ store, adapter }, nodes[0].origin)
  return {
    ...{ nodes, seed, trouble, adapter },
    async alive(grantId) {
      const ids = minted.filter(([of]) => of === grantId).map(([, id]) => id)
      const found = await Promise.all(ids.map((id) => make('AccessToken').find(id)))
      return ids.filter((_, index) => found[index])
    },
    close: async () => void (await Promise.all(nodes.map((node) => node.close()))),
  }
}
