/** A notification that is due, and whose endpoint is at this host. */
export interface Task {
  id: string
  clientId: string
  host: string
}

/** Runs tasks side by side, a few per host and per client, so that one that hangs holds up its own kind only (E-27). */
export interface Lanes<T extends Task> {
  /** Takes a task on, unless it is there already, or too many for its host are. */
  take(task: T): void
  /** clients that have tasks waiting here already: what else is due for them would only hide the others' */
  saturated(): string[]
  /** forgets what has not begun */
  clear(): void
  /** resolves when nothing runs */
  idle(): Promise<void>
}

/** How many at once. */
export interface Limits {
  perHost: number
  perClient: number
  total: number
  /** how many wait per host */
  backlog: number
}

interface Lane<T> {
  waiting: T[]
  running: number
  /** clients of tasks that found no room */
  turnedAway: Set<string>
}

/** Lanes that run `work`, which must not reject; `onRoom` is called when nothing waits for a host any more. */
export function createLanes<T extends Task>(
  work: (task: T) => Promise<void>,
  limits: Limits,
  onRoom: () => void,
): Lanes<T> {
  const lanes = new Map<string, Lane<T>>()
  const perClient = new Map<string, number>()
  const known = new Set<string>()
  const running = new Set<Promise<void>>()

  function laneOf(host: string): Lane<T> {
    const lane = lanes.get(host) ?? { waiting: [], running: 0, turnedAway: new Set() }
    lanes.set(host, lane)
    return lane
  }

  function next({ waiting, running: inLane }: Lane<T>): T | undefined {
    if (inLane >= limits.perHost || running.size >= limits.total) return undefined
    const index = waiting.findIndex(({ clientId }) => (perClient.get(clientId) ?? 0) < limits.perClient)
    return index < 0 ? undefined : waiting.splice(index, 1)[0]
  }

  function start(lane: Lane<T>): void {
    for (let task = next(lane); task; task = next(lane)) begin(lane, task)
  }

  function begin(lane: Lane<T>, task: T): void {
    lane.running += 1
    perClient.set(task.clientId, (perClient.get(task.clientId) ?? 0) + 1)
    const done = work(task).finally(() => {
      running.delete(done)
      known.delete(task.id)
      lane.running -= 1
      release(task.clientId)
      advance(lane, task.host)
    })
    running.add(done)
  }

  function release(clientId: string): void {
    const left = (perClient.get(clientId) ?? 1) - 1
    if (left > 0) perClient.set(clientId, left)
    else perClient.delete(clientId)
  }

  function advance(lane: Lane<T>, host: string): void {
    const hadWaiting = lane.waiting.length > 0
    const wasFull = running.size + 1 >= limits.total
    start(lane)
    if (wasFull) for (const other of lanes.values()) start(other)
    if (hadWaiting && lane.waiting.length === 0) {
      lane.turnedAway.clear()
      onRoom()
    }
    if (lane.running === 0 && lane.waiting.length === 0) lanes.delete(host)
  }

  return {
    take(task) {
      if (known.has(task.id)) return
      const lane = laneOf(task.host)
      if (lane.waiting.length >= limits.backlog) {
        lane.turnedAway.add(task.clientId)
        return
      }
      known.add(task.id)
      lane.waiting.push(task)
      start(lane)
    },
    saturated() {
      const busy = [...lanes.values()].filter(({ waiting }) => waiting.length > 0)
      return [
        ...new Set(
          busy.flatMap(({ waiting, turnedAway }) => [...waiting.map(({ clientId }) => clientId), ...turnedAway]),
        ),
      ]
    },
    clear() {
      for (const lane of lanes.values()) for (const { id } of lane.waiting.splice(0)) known.delete(id)
    },
    async idle() {
      await Promise.all(running)
    },
  }
}
