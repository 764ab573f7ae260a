/** Numbers from 0 to 1, the same for the same seed. The seed is printed, and taken from `RACE_SEED` where that is set. */
export function seededRandom(test: string): () => number {
  let state = Number(process.env.RACE_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0
  process.stderr.write(`${test}: RACE_SEED=${state}\n`)
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
