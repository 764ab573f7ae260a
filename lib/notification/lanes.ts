import { createSlots, type Limits, type Task, type Work } from './slots.js'

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

/**
 * Lanes that run `work`, which must not reject. `onRoom` is called when a client has no queued task any more.
 * `mayBegin`: whether a task may start its work before a lane is free. At most as many tasks do so as there are lanes.
 */
export function createLanes<T extends Task>(
  work: Work<T>,
  limits: Limits,
  onRoom: () => void,
  mayBegin: (task: T) => boolean = () => false,
): Lanes<T> {
  const queues = new Map<string, T[]>()
  // of tasks that run or are queued
  const ids = new Set<string>()
  const slots = createSlots(limits, work, { onFree: startOthers, onEnd: ({ id }) => void ids.delete(id) })

  function startFirst(clientId: string): void {
    const [task] = queues.get(clientId) ?? []
    if (!task || !(slots.isFree(task) || (mayBegin(task) && slots.isFreeAhead(task)))) return
    dequeue(queues, clientId)
    slots.run(task)
  }

  function startOthers(): void {
    const clients = queues.size
    // one task per client and turn: `dequeue` moves a client with more tasks to the end, where this loop meets it again
    for (const clientId of queues.keys()) {
      if (slots.isFull()) break
      startFirst(clientId)
    }
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
