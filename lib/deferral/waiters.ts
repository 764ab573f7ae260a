/** A poll that is held. */
export interface Place {
  /** Resolves when the deferral may have changed, when somebody rings, or after so many milliseconds. */
  rest(milliseconds: number): Promise<void>
  /** Ends the rest. */
  ring(): void
  /** Whether the node is closing. */
  isClosed(): boolean
  /** Makes room for another poll. */
  leave(): void
}

/** The polls that a node holds. */
export interface Waiters {
  /** A place from which changes of this deferral are noticed from now on; `undefined`: none is free. */
  take(id: string): Place | undefined
  /** Shortest milliseconds between two reads of one poll, so that all polls together do not overload the store. */
  shortestRound(): number
  /** The deferral has changed. */
  wake(id: string): void
  /** Any deferral may have changed. Wakes a few polls at a time, because each of them reads. */
  wakeAll(): void
  /** Ends all rests. Afterwards no place is free. */
  close(): void
}

// 500 reads a second at most
const atOnce = 25
const pause = 50

/** Places for so many polls. */
export function createWaiters(most: number): Waiters {
  const places = new Map<string, HeldPoll[]>()
  const all: Room = { places, count: 0, isOpen: true }

  return {
    take(id) {
      if (!all.isOpen || all.count >= most) return undefined
      const place = new HeldPoll(id, all)
      const others = places.get(id)
      if (others) others.push(place)
      else places.set(id, [place])
      all.count += 1
      return place
    },
    shortestRound: () => (all.count * pause) / atOnce,
    wake(id) {
      for (const place of places.get(id) ?? []) place.ring()
    },
    wakeAll() {
      const left = [...places.values()].flat()
      const wakeSome = () => {
        for (const place of left.splice(-atOnce)) place.ring()
        if (left.length > 0) setTimeout(wakeSome, pause).unref()
      }
      wakeSome()
    },
    close() {
      all.isOpen = false
      for (const place of [...places.values()].flat()) place.ring()
    },
  }
}

interface Room {
  places: Map<string, HeldPoll[]>
  count: number
  isOpen: boolean
}

// a class, because its methods are shared: a closure per poll would cost memory
class HeldPoll implements Place {
  readonly #id: string
  readonly #room: Room
  #hasRung = false
  #timer: NodeJS.Timeout | undefined
  #end: (() => void) | undefined

  constructor(id: string, room: Room) {
    this.#id = id
    this.#room = room
  }

  rest(milliseconds: number): Promise<void> {
    const isOver = this.#hasRung || !this.#room.isOpen
    this.#hasRung = false
    if (isOver) return Promise.resolve()
    return new Promise((resolve) => {
      this.#end = resolve
      this.#timer = setTimeout(ring, milliseconds, this)
    })
  }

  ring(): void {
    clearTimeout(this.#timer)
    const end = this.#end
    this.#end = undefined
    // without a rest now, the ring ends the next rest
    if (end) end()
    else this.#hasRung = true
  }

  isClosed(): boolean {
    return !this.#room.isOpen
  }

  leave(): void {
    const { places } = this.#room
    const others = (places.get(this.#id) ?? []).filter((place) => place !== this)
    this.#room.count -= 1
    if (others.length > 0) places.set(this.#id, others)
    else places.delete(this.#id)
  }
}

function ring(place: HeldPoll): void {
  place.ring()
}
