package wire

import (
	"math/rand/v2"
	"sync/atomic"
)

// Chance is the sequence of generators that a seed stands for: equal seeds deal
// out the same, in the order in which they are asked. It is safe for concurrent
// use.
type Chance struct {
	Seed  uint64
	draws atomic.Uint64
}

// Next returns the next generator, for one caller to use.
func (c *Chance) Next() *rand.Rand {
	//nolint:gosec // what it deals out is meant to be repeatable, not secret
	return rand.New(rand.NewPCG(c.Seed, c.draws.Add(1)))
}

// Deal returns one of the kinds for a share of the times it is asked, 0 to 1,
// and the zero value for the others. A share of 0 draws nothing.
func Deal[Kind any](chance *Chance, share float64, kinds ...Kind) (dealt Kind) {
	if share == 0 {
		return dealt
	}
	random := chance.Next()
	if random.Float64() >= share {
		return dealt
	}
	return kinds[random.IntN(len(kinds))]
}
