// Package reliability holds what Slipway promises about faults: whatever a call
// meets and wherever a process dies, what is live stays whole, nothing is made
// twice, and the same command run again ends right.
//
//	make reliability
//
// Each promise is a matrix: one cell for each thing that can go wrong at each place
// where it can. The calls are those that the commands are seen to make, so that the
// matrices grow with them. Another one has all that Slipway reads be what nobody means
// well with. It has no code but tests; docs/reliability.md tells what
// they hold, and what they do not.
package reliability
