/*
 * Requirements without a test, because what they are about is not built, each with the reason. No test may name them.
 */
export const leftOut = `
X-040 rotation after the first verified poll is optional: later polls need authentication or the key anyway
X-270 the desk as a server of access requests: two points of the draft are open, what an inline binding token contains and which claims a signed approval has
X-271 as X-270
X-272 as X-270
X-273 as X-270
X-274 as X-270
X-275 as X-270
X-276 as X-270
X-277 as X-270
X-278 as X-270
X-279 as X-270
`
