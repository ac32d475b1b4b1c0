// Package doctor looks at an account from outside. Examine checks what a deploy
// needs of it, and changes nothing. Survey settles facts of the API that no
// source tells: on a throwaway Service of its own, which it deletes whatever
// happens.
//
// Facts go by names, which are those of the Sandbox's switches; the front door
// knows what their positions mean. Both functions return plain data and print
// nothing. Level 2: it imports job, retry, secret, twilio and words.
package doctor
