/**
 * Seeds for as many rounds as chance needs, 300 at most: how soon contenders meet depends on what else the machine does. They are
 * planted ten at a time.
 */
export async function* manySeeds<Seed>(plant: (count: number) => Promise<Seed[]>): AsyncGenerator<Seed> {
  for (let count = 0; count < 300; count += 10) yield* await plant(10)
}
