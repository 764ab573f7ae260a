/** A notification that is due, and whose endpoint is at this host. */
export interface Task {
  id: string
  clientId: string
  host: string
}

/** Runs tasks side by side, a few per host and per client, so that one that hangs holds up its own kind only (E-27). */
export interface Lanes<T extends Task> {
  /** Takes a task on, if it is not there already; `false`: there are too many. */
  take(task: T): boolean
  /** how many there are, under way or waiting */
  size(): number
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
  /** how many wait per client */
  backlog: number
  /** of how many clients some wait */
  clients: number
}

/** Lanes that run `work`, which must not reject; `onRoom` is called when nothing waits for a client any more. */
export function createLanes<T extends Task>(
  work: (task: T) => Promise<void>,
  limits: Limits,
  onRoom: () => void,
): Lanes<T> {
  const waiting = new Map<string, T[]>()
  const known = new Set<string>()
  const running = new Set<Promise<void>>()
  const perClient = createCount()
  const perHost = createCount()

  function next(clientId: string, tasks: T[]): T | undefined {
    if (running.size >= limits.total || perClient.of(clientId) >= limits.perClient) return undefined
    const isHostFree = perHost.of(tasks[0]?.host ?? '') < limits.perHost
    return isHostFree ? tasks.shift() : undefined
  }

  function start(clientId: string, tasks: T[]): void {
    const task = next(clientId, tasks)
    if (!task) return
    waiting.delete(clientId)
    if (tasks.length > 0) waiting.set(clientId, tasks)
    begin(task)
  }

  // one task per client and turn: a client that began one goes to the end of the map, and comes up there again
  function startAll(): void {
    for (const [clientId, tasks] of waiting) start(clientId, tasks)
  }

  function begin(task: T): void {
    perClient.add(task.clientId, 1)
    perHost.add(task.host, 1)
    const done = work(task).finally(() => {
      running.delete(done)
      known.delete(task.id)
      perClient.add(task.clientId, -1)
      perHost.add(task.host, -1)
      const before = waiting.size
      startAll()
      if (waiting.size < before) onRoom()
    })
    running.add(done)
  }

  return {
    take(task) {
      if (known.has(task.id)) return true
      const tasks = waiting.get(task.clientId) ?? []
      if (tasks.length >= limits.backlog || (tasks.length === 0 && waiting.size >= limits.clients)) return false
      known.add(task.id)
      tasks.push(task)
      waiting.set(task.clientId, tasks)
      start(task.clientId, tasks)
      return true
    },
    size: () => known.size,
    clear() {
      for (const tasks of waiting.values()) for (const { id } of tasks) known.delete(id)
      waiting.clear()
    },
    async idle() {
      await Promise.all(running)
    },
  }
}

function createCount() {
  const counts = new Map<string, number>()
  return {
    of: (name: string) => counts.get(name) ?? 0,
    add(name: string, by: number) {
      const count = (counts.get(name) ?? 0) + by
      if (count > 0) counts.set(name, count)
      else counts.delete(name)
    },
  }
}
