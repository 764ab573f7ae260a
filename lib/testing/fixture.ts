import assert from 'node:assert/strict'
import { types } from 'node:util'
import type { JsonObject } from '../deferral/deferral.js'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { newId } from '../deferral/handle.js'
import type { Change, DeferralStore, NewDeferral, Stored } from '../deferral/store.js'
import { created } from '../deferral/transitions.js'

/** Returns another store object over the same data at each call, as another node of the provider would have it. */
export type Open = () => DeferralStore | Promise<DeferralStore>

/** The stores and the data of one test of the contract. */
export interface Fixture {
  /** several store objects over the same data */
  nodes: DeferralStore[]
  /** used by this test only: records of other tests have other issuers */
  issuer: string
  /** Stores a new record. */
  insert(members?: object, now?: Date): Promise<Stored>
  /** Reads a record, on another node than that of `insert`. */
  find(id: string, now?: Date): Promise<Stored>
}

/** Tests by name. */
export type Tests = Record<string, (fixture: Fixture) => Promise<void>>

/** The time of these tests. By the clock of the store such a record has expired, and is not yet purged. */
export const start = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_599_877)

/** The time so many seconds after the start. */
export const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)

/** The first history entry of a record. */
export const firstEntry = { at: start, event: 'created' }

/** Opens the store for one test. */
export async function fixtureOf(open: Open): Promise<Fixture> {
  const nodes = [await open(), await open(), await open(), await open()]
  const [writer, reader] = nodes as [DeferralStore, DeferralStore]
  const issuer = `https://op.example/${newId()}`
  return {
    nodes,
    issuer,
    async insert(members, now = start) {
      const stored = await writer.insert(recordOf(issuer, members), newId(), firstEntry, now)
      assert(stored, 'insert of a new id resolves to the record')
      return stored
    },
    async find(id, now = at(9)) {
      const record = await reader.find(id, now)
      assert(record, 'find on another node finds it')
      return record
    },
  }
}

/** A request full of names and texts that a database could take for its own query language. */
export function requestOf(members: Partial<NewDeferral> = {}): NewDeferral {
  return {
    id: newId(),
    profile: 'oauth',
    clientId: 'client',
    accountId: '$account',
    grantId: 'grant',
    grantType: 'urn:$$ROOT',
    scope: ['openid', '$scope', '$$NOW'],
    resource: ['https://$api.example/'],
    authorizationDetails: [{ type: 'payment', $where: 'a.b', 'dotted.name': { $$NOW: 1 }, _bsontype: 'ObjectId' }],
    claims: { id_token: { 'https://example.com/claim': null, 'nul\u0000': { $ref: 'a', $id: 'b', '': [] } } },
    context: { note: "'; DROP TABLE deferrals; --", $set: { 'a.b': [] }, text: '\u{1f389} \u0000', deep: nested(120) },
    interval: 5,
    lifetime: 600,
    codeHash: 'hash',
    handleHash: 'hash',
    binding: { jkt: '$jkt' },
    requestedResource: ['https://$api.example/'],
    requestedDetails: [{ type: '$type', $gt: '' }],
    interaction: { uri: 'https://op.example/$where?x=$$NOW' },
    sealing: { sealed: '$sealed.$$NOW', delay: 15 },
    source: { 'x.y': '$expr', nested: { $literal: null }, ...(JSON.parse('{"__proto__":{"a":1}}') as JsonObject) },
    expiresIn: 60,
    ...members,
  }
}

/** A record that is created at the start and expires 60 seconds later. */
export function recordOf(issuer: string, members: object = {}): DeferralRecord {
  const { expiresIn = 60, ...others } = members as { expiresIn?: number }
  return withoutAbsent({
    ...created(requestOf({ expiresIn }), { issuer, retention: 86_400 }, new Date(start)),
    ...others,
  }) as DeferralRecord
}

/** A change of some members, by default with a history entry. */
export function changeOf(before: Stored, members: object, more: Partial<Change> = {}): Change {
  const entry = { at: at(1), event: 'changed', by: '$$NOW' }
  return { after: withoutAbsent({ ...before, ...members }) as DeferralRecord, entry, ...more }
}

/** Asserts that two values are equal. Their realms may differ, and members that are `undefined` count as absent. */
export function assertSame(actual: unknown, expected: unknown, message: string): void {
  assert.deepEqual(plain(actual), plain(expected), message)
}

/** Asserts that a record has these members; a store may keep more. */
export function assertMembers(actual: Stored | undefined, expected: object, message: string): void {
  assert(actual, message)
  const members = Object.keys(expected).map((name) => [name, (actual as object as Record<string, unknown>)[name]])
  assertSame(Object.fromEntries(members), expected, message)
}

/** A record without the time of its read. */
export function withoutReadAt({ readAt, ...record }: Stored): object {
  return record
}

function withoutAbsent(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function plain(value: unknown): unknown {
  if (types.isDate(value)) return ['date', value.getTime()]
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(withoutAbsent(value))
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, plain(member)]))
}

// deeper than BSON allows
function nested(depth: number): JsonObject {
  let value: JsonObject = {}
  for (let level = 0; level < depth; level++) value = { level: value }
  return value
}
