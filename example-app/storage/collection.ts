/** What every stored entry has. */
export interface Entry {
  _id: string
  createdAt: Date
}

/** What the bank needs from a database. There is one implementation in memory and one in MongoDB. */
export interface Collection<T extends Entry> {
  /** False when an entry with this `_id` exists. That entry does not change. */
  insert(entry: T): Promise<boolean>
  get(id: string): Promise<T | undefined>
  /** Entries whose fields equal the given ones, oldest first. */
  find(fields: Partial<T>): Promise<T[]>
  /** One conditional write: it changes the entry only while its fields equal the expected ones. */
  update(id: string, expected: Partial<T>, changes: Partial<T>): Promise<T | undefined>
}
