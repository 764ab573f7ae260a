/**
 * AuthZEN behind the decision, requirement by requirement, and what must never happen (V).
 */
export const authzen = `
X-200 options, and nothing changes without them
X-201 metadata of the policy decision point
X-202 one question, or a batch
X-203 credentials and request identifiers
X-204 asked only after the host has validated
X-205 subject, targets, gate, scopes, details
X-206 asks only for what is left, and within a bound
X-207 the context has no secret
X-208 only a boolean is a decision
X-209 an outage
X-210 asked again at redemption, with the approval
X-211 late answers narrow as prompt ones
X-212 an outage at redemption keeps the approval
X-213 denials at redemption
X-220 only a requestable denial is submitted
X-221 only to hosts that are trusted
X-222 the submission has what was evaluated
X-223 the denial is echoed unchanged
X-224 one key per deferral, question and denial
X-225 the client as it is registered
X-226 several requests, one decision
X-227 nothing is made up
X-228 submitted after the deferral is stored
X-230 looks at the task with credentials
X-231 back-off and Retry-After
X-232 stops at the end
X-233 what is unknown is no approval
X-234 an unknown task has expired
X-235 progress without people
X-236 nothing of it reaches the client
X-240 callbacks are an option, and polling goes on
X-241 the callback of a submission
X-242 only the service may call back
X-243 state and task have to fit
X-244 a callback is only a reason to look
X-245 answered before the look; repeated ones are harmless
X-250 the end of a deferral cancels the task
X-251 answers to a cancellation
X-252 nothing outlives the approval
X-253 refresh tokens of an approval
X-254 the approval is kept as received, and encrypted
X-255 skew of clocks
X-256 equal requests
V1 no tokens on a requestable denial
V2 no tokens without a fresh evaluation
V3 nothing outlives the approval
V4 nothing broader than asked
V5 nothing of AuthZEN reaches the client
V6 a callback decides nothing
V7 what is unknown is no approval
V8 one task for one deferral
V9 no task is left open
V10 no credentials for hosts of a denial
V11 an outage is no decision
`
