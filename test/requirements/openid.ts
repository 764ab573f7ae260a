/** The OpenID draft, requirement by requirement. */
export const openid = `
O-001 says in its metadata that it can defer
O-002 lists the response type deferred_code
O-003 lists the combined type where it takes it, in any word order
O-004 lists the grant type
O-005 takes an https notification endpoint at registration, nothing else
O-006 asks for no notification endpoint of clients that only poll
O-007 pings besides being polled
O-008 keeps the notification endpoint apart from that of CIBA
O-009 takes an ordinary authentication request but for its type
O-010 takes two response types, no others
O-011 refuses clients that are not registered for it
O-012 validates all other parameters as ever
O-013 processes extension parameters
O-014 validates them by their own rules
O-015 answers what is wrong with an error response
O-016 may choose, request by request, whether to wait
O-017 may use pages of its own, and ask for evidence
O-018 goes on when no interaction is needed, silently too
O-019 answers a refusing end-user with an error
O-020 returns the end-user after all interaction
O-021 success carries deferred_code
O-022 and no code or token
O-023 success of the combined type carries one of the two
O-024 never both
O-025 and no token
O-026 may answer the combined type with an ordinary code
O-027 answers everything else with code and state
O-028 echoes the state
O-029 a deferred code is of one request only
O-030 it has 128 bits of entropy
O-031 or 160
O-032 it has the allowed characters only
O-033 it means nothing to a client
O-034 it has the safeguards of an authorization code
O-035 errors have the usual members
O-036 errors take the response mode of the request
O-037 an error ends the request
O-038 the exchange is a form posted to the token endpoint
O-039 with the deferred grant type
O-040 and the deferred code
O-041 and perhaps a notification token
O-042 and perhaps parameters of extensions
O-043 authenticates the client
O-044 the code is this client's
O-045 the code is valid and unused
O-046 answers 200 and JSON
O-047 with a deferred_auth_id
O-048 its lifetime
O-049 the interval of polls
O-050 and perhaps an interim ID Token
O-051 the code is void then
O-052 answers are not cached
O-053 a poll is a form posted to the token endpoint
O-054 with the same grant type
O-055 and the deferred_auth_id
O-056 authenticates the client
O-057 the id is this client's
O-058 the id has not expired
O-059 the process is complete
O-060 no token was issued for it before
O-061 anything else is an error
O-062 success is an ordinary token response
O-063 what the request bound is bound in the tokens
O-064 the id is void then
O-065 answers are not cached
O-066 waiting may take arbitrarily long
O-067 progress is told while pending
O-068 and perhaps elsewhere
O-069 tokens are never pushed
O-070 errors of polls are those of the token endpoint
O-071 authorization_pending
O-072 slow_down
O-073 expired_token
O-074 access_denied
O-075 invalid_dpop_proof
O-076 invalid_grant, for unknown and foreign ids alike
O-077 perhaps invalid_request for a client that will not slow down
O-078 errors are JSON
O-079 with status 400
O-080 invalid_grant at the exchange
O-081 invalid_dpop_proof at the exchange
O-082 a proof may come with the exchange
O-083 public clients use proofs
O-084 any proof is validated
O-085 the key is bound to the id
O-086 and needed from then on
O-087 a proof at the exchange asks for one ever after
O-088 by the same key
O-089 pings when the process ends
O-090 after the exchange was answered
O-091 not when it ran out
O-092 with the id in JSON
O-093 and the notification token
O-094 content with 200 or 204
O-095 follows no redirect
O-096 may do anything about errors
O-097 may come early
O-098 may be cancelled
O-099 by a form, posted
O-100 authenticates the client
O-101 the id is this client's
O-102 no token was issued for it
O-103 it is cancelled then
O-104 and polls are refused
O-105 answers 200, whatever the id
O-106 but to malformed requests
O-107 401 where the client used the header
O-108 400 and JSON otherwise
O-109 answers are not cached
O-110 what becomes of evidence is left open
O-111 may give an interim ID Token
O-112 of claims validated or not
O-113 marked as agreed
O-114 that a client can validate as any
O-115 the lifetime counts from the exchange
O-116 then polls hear expired_token
O-117 and no token comes of it
O-118 the code expires as well, soon
O-119 the security considerations of its foundations hold
O-120 protects the notification token
O-121 uses it for nothing else
O-122 has no privacy section, and registers nothing
`
