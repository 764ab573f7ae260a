/** A due notification, and the host of its endpoint. */
export interface Task {
  id: string
  clientId: string
  host: string
}

/** Runs tasks in parallel, a few per host and per client, so that a receiver that hangs delays only its own tasks (E-27). */
export interface Lanes<T extends Task> {
  /** Runs or queues a task; one with the same id is not taken twice. `false`: the queue is full. */
  take(task: T): boolean
  /** number of tasks, running or queued */
  size(): number
  /** drops the queued tasks */
  clear(): void
  /** resolves when nothing runs */
  idle(): Promise<void>
}

/** The greatest numbers of tasks and clients. */
export interface Limits {
  /** running tasks per host */
  perHost: number
  /** running tasks per client */
  perClient: number
  /** running tasks */
  total: number
  /** queued tasks per client */
  backlog: number
  /** clients with queued tasks */
  clients: number
}

/** The work of a task. Its lane is free when it calls `free`, and at its end at the latest. */
export type Work<T extends Task> = (task: T, free: () => void) => Promise<void>

/** Lanes that run `work`, which must not reject. `onRoom` is called when a client has no queued task any more. */
export function createLanes<T extends Task>(
  work: Work<T>,
  limits: Limits,
  onRoom: () => void,
): Lanes<T> {
  const queues = new Map<string, T[]>()
  // of tasks that run or are queued
  const ids = new Set<string>()
  const slots = createSlots(limits, work, { onFree: startOthers, onEnd: ({ id }) => ids.delete(id) })

  function startFirst(clientId: string): void {
    const [task] = queues.get(clientId) ?? []
    if (!task || !slots.isFree(task)) return
    dequeue(queues, clientId)
    slots.run(task)
  }

  function startOthers(): void {
    const clients = queues.size
    // one task per client and turn: `dequeue` moves a client with more tasks to the end, where this loop meets it again
    for (const clientId of queues.keys()) startFirst(clientId)
    if (queues.size < clients) onRoom()
  }

  return {
    take(task) {
      if (ids.has(task.id)) return true
      if (!enqueue(queues, task, limits)) return false
      ids.add(task.id)
      startFirst(task.clientId)
      return true
    },
    size: () => ids.size,
    clear() {
      for (const queue of queues.values()) for (const { id } of queue) ids.delete(id)
      queues.clear()
    },
    idle: () => slots.idle(),
  }
}

/** Adds a task to the queue of its client. `false`: the queue is full. */
function enqueue<T extends Task>(queues: Map<string, T[]>, task: T, { backlog, clients }: Limits): boolean {
  const queue = queues.get(task.clientId) ?? []
  if (queue.length >= backlog || (queue.length === 0 && queues.size >= clients)) return false
  queue.push(task)
  queues.set(task.clientId, queue)
  return true
}

/** Removes the first task of a client, and moves the client to the end of the map. */
function dequeue<T extends Task>(queues: Map<string, T[]>, clientId: string): void {
  const others = queues.get(clientId)?.slice(1) ?? []
  queues.delete(clientId)
  if (others.length > 0) queues.set(clientId, others)
}

/** Runs tasks and counts the lanes that they take: of each client, at each host, and all. */
function createSlots<T extends Task>(
  { perClient, perHost, total }: Limits,
  work: Work<T>,
  { onFree, onEnd }: { onFree: () => void; onEnd: (task: T) => void },
) {
  const running = new Set<Promise<void>>()
  const ofClient = createCount()
  const ofHost = createCount()

  function count({ clientId, host }: Task, change: 1 | -1): void {
    ofClient.add(clientId, change)
    ofHost.add(host, change)
  }

  return {
    isFree: ({ clientId, host }: Task) =>
      running.size < total && ofClient.get(clientId) < perClient && ofHost.get(host) < perHost,
    run(task: T) {
      count(task, 1)
      let isFree = false
      const free = () => {
        if (isFree) return
        isFree = true
        count(task, -1)
        onFree()
      }
      const run = work(task, free).finally(() => {
        running.delete(run)
        onEnd(task)
        free()
      })
      running.add(run)
    },
    async idle() {
      await Promise.all(running)
    },
  }
}

function createCount() {
  const counts = new Map<string, number>()
  return {
    get: (name: string) => counts.get(name) ?? 0,
    add(name: string, change: number) {
      const count = (counts.get(name) ?? 0) + change
      if (count > 0) counts.set(name, count)
      else counts.delete(name)
    },
  }
}
