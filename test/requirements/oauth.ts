/** The working group's draft, requirement by requirement. */
export const oauth = `
I-001 says in its metadata that it can defer
I-002 says that handles can be revoked
I-003 lists the grant type
I-004 takes a notification endpoint at registration
I-005 of https only
I-006 refuses nothing for completion_mode when off
I-007 an outcome never widens
I-008 only polls advance a deferral
I-009 the key carries through
I-010 polls alter nothing
I-011 handles are opaque
I-012 polls stay authoritative
I-013 profiles keep these guarantees
I-014 states are told apart
I-015 updates come from elsewhere, and narrow
I-016 profiles relax nothing
I-017 defers only who opted in
I-018 completion_mode is a set
I-019 without it, an answer at once
I-020 unknown values are ignored
I-021 taken on every grant
I-022 may answer at once all the same
I-023 asks for no hint beforehand
I-024 takes the hint wherever parameters travel
I-025 may act on it
I-026 or do as if there were none
I-027 the hint changes no answer
I-028 validates the preceding request as ever
I-029 with its usual errors
I-030 a hint, then no opt-in, is invalid
I-031 the grant type stays
I-032 validates it in full first
I-033 errors are the grant's or ours
I-034 keeps the notification token
I-035 answers tokens or a deferral
I-036 400 and JSON
I-037 gives access to nothing
I-038 a deferral code
I-039 of 128 bits
I-040 or 160
I-041 by the recipe
I-042 without meaning
I-043 its lifetime
I-044 the interval of polls
I-045 perhaps a description
I-046 perhaps where to interact
I-047 always when interaction is needed
I-048 at an https URI
I-049 without fragment
I-050 of this deferral
I-051 that does nothing by itself
I-052 or twice
I-053 or later than the code
I-054 is of use here only
I-055 profiles may add members
I-056 a poll is a form
I-057 authenticates the client
I-058 the code is this client's
I-059 still pending, expired
I-060 resolved, tokens
I-061 refused or cancelled
I-062 issued before
I-063 tokens as the grant has them
I-064 with its token type
I-065 never that of the handle
I-066 the lifetime is the token's
I-067 redeemed for good
I-068 no opt-in on polls
I-069 errors are not cached
I-070 authorization_pending
I-071 interaction_required
I-072 the two may alternate
I-073 slow_down
I-074 expired_token
I-075 access_denied
I-076 invalid_grant
I-077 redeemed and unknown are told apart
I-078 unknown and foreign are not
I-079 perhaps invalid_request in the end
I-080 progress is told
I-081 without personal data
I-082 in opaque steps
I-083 other errors stay
I-084 binds to the key shown first
I-085 polls use it
I-086 its thumbprint is kept
I-087 polls and revocations prove it
I-088 or are refused
I-089 tokens are bound to it
I-090 public clients must show one
I-091 others may do without
I-092 or should not
I-093 unbound, the grant's rules hold
I-094 other credentials keep their protection
I-095 callbacks are not bound
I-096 calls back on resolution
I-097 without token or outcome
I-098 not before the response
I-099 a little later
I-100 not when expired
I-101 with the handle in JSON
I-102 and the notification token
I-103 or no header
I-104 content with 204
I-105 follows no redirect
I-106 may do anything about errors
I-107 not after a cancellation
I-108 never pushes tokens
I-109 handles can be revoked
I-110 by their client
I-111 cancelled atomically
I-112 anything else is 200
I-113 tokens stay
I-114 resolved, not delivered, is cancelled too
I-115 may remember it for a while
I-116 in constant time
I-117 again and again
I-118 gives nothing in between
I-119 ends when it said
I-120 forgets the notification token
I-121 slow_down first
I-122 perhaps other limits
I-123 looks at hosts at registration
I-124 and at delivery
I-125 and keeps to the address
I-126 with limits
I-127 no secrets in the callback's URL
I-128 keeps the notification token safe
I-129 looks again before issuing
I-130 and refuses what no longer holds
I-131 no handles in logs
I-132 or at rest
I-133 on either side
I-134 the usual security considerations hold
I-135 keeps what it needs
I-136 for as long as it needs
I-137 reviewers are not its business
`
