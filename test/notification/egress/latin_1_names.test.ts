import type { Client } from 'oidc-provider'
import { expect, test } from 'vitest'
import { egressRules } from '../../../lib/notification/egress/rules.js'
import { recipientOf } from '../../../lib/notification/endpoint.js'

const endpoint = 'https://bücher.example/'
const client = { deferred_client_notification_endpoint: endpoint } as object as Client

// on Node.js 20 and 22 `URL.canParse` refuses such a name after some thousand calls
const results = (call: () => unknown) => [...new Set(Array.from({ length: 20_000 }, call))]

test('I-123 an endpoint with Latin-1 letters is accepted, however often it is checked', () => {
  const rules = egressRules({ allow: [], deny: [], ports: [443] }, 'https://op.example')
  expect(results(() => rules.refusal(endpoint))).toEqual([undefined])
})

test('the host of an endpoint with Latin-1 letters is known, however often it is asked', () => {
  expect(results(() => recipientOf(client, 'notification').host)).toEqual(['xn--bcher-kva.example'])
})
