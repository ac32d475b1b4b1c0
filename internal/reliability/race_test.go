//go:build race

package reliability_test

// isRaced says that the race detector is on, which takes its time, and makes
// what pools give back be allocated anew.
const isRaced = true
