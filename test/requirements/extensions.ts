/*
 * The extensions that no draft has yet: direct deferral at the authorization endpoint (X-001 ...), and the bridge to CIBA
 * (X-100 ..., and what must never happen: N1 ...).
 */
export const extensions = `
X-001 discovery names direct deferral exactly while it is on
X-002 discovery names the issuer parameter of responses with it
X-003 the option, off by default
X-004 only for clients of both grants
X-005 public clients only if the option says so
X-006 explicit opt-in, in the resolved request or in the metadata
X-007 only response_type code
X-008 code_challenge from every client
X-009 dpop_jkt from public clients
X-010 no fragment
X-011 the notification token comes with the first poll
X-012 what can fail fails at the authorization endpoint
X-013 the answer may still be a code
X-014 prompt=none
X-015 a snapshot of the whole request
X-016 deferral_code, state, expires_in
X-017 interval, always
X-018 iss, always
X-019 nothing that signals completion
X-020 no page and no progress in the redirect
X-021 256 bits, stored as a hash
X-022 no-store, no referrer, no copy in the body
X-023 the client checks iss, then state, then looks what is there
X-024 the first poll carries code_verifier
X-025 redirect_uri is optional, and compared
X-026 the order of the checks
X-027 the bound key
X-028 a key that is shown first is bound
X-029 a wrong verifier ends the deferral
X-030 no slow_down for the first poll
X-031 later polls with a verifier are compared
X-032 no other parameter that shapes the request
X-033 unclaimed until the first poll
X-034 then a deferral like others
X-035 authentication or the key for each later poll
X-036 success is the token response of the code grant
X-037 invalid_grant after the redemption, the tokens stay
X-038 others learn nothing
X-039 revocation needs what a poll needs
X-100 the option, off by default; the host must be able to reach somebody
X-101 only the end-user of the deferral is asked
X-102 nothing in the request of CIBA changes the deferral
X-103 the stored request has the snapshot, and no handle
X-104 no leg outlives its deferral
X-105 a Grant approves what both allow
X-106 the Grant that was handed over is destroyed
X-107 access_denied denies, another error ends the leg
X-108 late results change nothing
X-109 with a quorum an answer is a vote
X-110 one live leg, and at most so many
X-111 a real authentication replaces that of the request
X-112 caps on open legs
X-115 the auth_req_id of the provider is no handle
X-116 the client is answered first
X-117 interaction_pending, if the option says so
X-118 a device that fails is tried again
X-120 the handle is the login_hint_token
X-121 only its own client, registered for CIBA
X-122 only with the bound key
X-123 other parameters must repeat the request
X-124 pending, with an end-user and an ID Token
X-125 the response
X-126 the refusals
X-127 both handles can be polled, one redeems
X-128 the tokens are those of the deferral
X-129 one pace for both handles
X-130 no push
X-131 a ping for each channel, both from the outbox
X-132 a revocation ends the leg
X-133 a decision elsewhere ends the leg
X-134 an undecided leg expires alone
N1 two token sets
N2 another subject
N3 wider access
N4 tokens without the key
N5 a handle in a stored request, a text, a device or an event
N6 one tap for two votes
N7 the provider's auth_req_id at the token endpoint
N8 a leg that outlives its deferral
N9 one answer over another
N10 a question that somebody without the credentials and the key has caused
N11 an orphan Grant
N12 another behaviour for other requests of CIBA
`
