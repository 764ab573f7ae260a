/** What every stored entry has. */
export interface Entry {
  _id: string
  createdAt: Date
}

/** The little that the bank asks of a database: one interface, kept in memory or in MongoDB. */
export interface Collection<T extends Entry> {
  /** False when an entry with this `_id` exists; it is left alone. */
  insert(entry: T): Promise<boolean>
  get(id: string): Promise<T | undefined>
  /** Entries whose fields equal the given ones, oldest first. */
  find(fields: Partial<T>): Promise<T[]>
  /** One conditional write: applies the changes only while the fields still equal the expected ones. */
  update(id: string, expected: Partial<T>, changes: Partial<T>): Promise<T | undefined>
}
