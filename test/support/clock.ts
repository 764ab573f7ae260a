/** A clock that moves only when told. */
export interface Clock {
  now: () => Date
  advance(seconds: number): void
}

export function createClock(start = new Date()): Clock {
  let time = start.getTime()
  return {
    now: () => new Date(time),
    advance(seconds) {
      time += seconds * 1000
    },
  }
}
