/** Work at another service that decides a deferral, as it is stored. `taskDue` of the record says when the next step is due. */
export interface TaskRecord {
  /** compact JWE of the state */
  sealed: string
  /** raised by every lease; only the worker with the current value may write a result */
  fence: number
  /** a worker takes a step; its lease ends at `taskDue` */
  leased?: true
  /** the worker before this one did not write its result */
  interrupted?: true
  /** the other service said that there is news: the first step from `at` on looks, whatever its schedule is */
  nudge?: { at: Date; isOpen?: true }
}
