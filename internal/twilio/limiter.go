package twilio

import (
	"context"
	"sync"
	"time"
)

const (
	// defaultCap is well below the limit on concurrent requests that Twilio
	// sets for a whole account, because live calls and messages share it.
	defaultCap = 20
	// slowStart is how many requests go out before the first answers are in.
	slowStart = 8
	// leastRoom is what a deploy takes even on a busy account.
	leastRoom = 2
	// probeRounds is how many rounds pass at a ceiling before one request more is
	// tried, and probeRequests how many requests at most: a probe that fails
	// costs a round of refusals. The way back to 20 takes up to some 450 requests.
	probeRounds, probeRequests = 30, 250
)

// Limiter bounds the requests that are in flight for one account, on both
// hosts together. It starts slowly and doubles each round until the first 429;
// a 429 halves it, after which it doubles again up to where it was refused. From
// there it probes: after many rounds the ceiling rises by one; as long as nothing
// is refused, it then rises by twice as much after half as many rounds, and so
// on, so that an account that was busy is soon used in full again. Requests of
// others on the same account, which Twilio counts in a reply header, lower its
// cap. Waiters are served in order of arrival. Make one with NewLimiter; it is
// safe for concurrent use.
type Limiter struct {
	mu       sync.Mutex
	maximum  int
	allowed  float64 // how many may be in flight now
	ceiling  float64 // the most that was not refused; maximum until a 429
	cutAt    time.Time
	crowd    crowd // that met the last 429
	calm     int   // requests at the ceiling since it changed
	probes   int   // that raised the ceiling since the last 429
	inFlight int
	waiting  []chan slot
	others   float64 // smoothed count of other clients' requests
}

// slot is the right to have one request in flight.
type slot struct {
	taken    time.Time
	inFlight int // ours when it was taken, itself included
}

// crowd is what was in flight when a 429 came.
type crowd struct {
	inFlight int // at that moment
	refused  int // of those, as far as they are answered
	least    int // in flight when a request was taken that was refused
}

// refuse counts a request of the crowd that was refused, and returns how many there is
// room for. Requests overtake each other, so which of them were refused says less than
// how many; but where answers came without others going out, fewer were in flight at
// the 429 than had met.
func (c *crowd) refuse(held slot) int {
	c.refused++
	c.least = min(c.least, held.inFlight)
	return max(1, c.inFlight-c.refused, c.least-1)
}

// NewLimiter returns a Limiter that never allows more than maximum requests in
// flight; 0 or less means 20.
func NewLimiter(maximum int) *Limiter {
	if maximum <= 0 {
		maximum = defaultCap
	}
	return &Limiter{maximum: maximum, allowed: float64(min(slowStart, maximum)), ceiling: float64(maximum)}
}

// Cap returns the most requests that the Limiter ever allows in flight.
func (l *Limiter) Cap() int { return l.maximum }

// acquire waits for a slot. It returns the context's cause when that ends
// first.
func (l *Limiter) acquire(ctx context.Context) (slot, error) {
	l.mu.Lock()
	if len(l.waiting) == 0 && l.hasRoom() {
		defer l.mu.Unlock()
		return l.take(), nil
	}
	turn := make(chan slot, 1)
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()

	select {
	case given := <-turn:
		return given, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, waiter := range l.waiting {
		if waiter == turn {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return slot{}, context.Cause(ctx)
		}
	}
	l.inFlight-- // the slot came at the same moment; pass it on
	l.wake()
	return slot{}, context.Cause(ctx)
}

// release gives a slot back and learns from the answer: whether it was a 429,
// and how many requests of the account the platform saw in flight (0 unknown).
func (l *Limiter) release(held slot, tooMany bool, accountInFlight int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.countOthers(held, accountInFlight)
	switch wasFull := float64(l.inFlight) >= l.room()-1; {
	case tooMany:
		// One halving for all requests that were sent before it: they met the
		// same crowd.
		if held.taken.After(l.cutAt) {
			l.allowed = max(1, l.allowed/2)
			l.cutAt = time.Now()
			l.calm, l.probes = 0, 0
			l.crowd = crowd{inFlight: l.inFlight, least: held.inFlight}
		}
		l.ceiling = float64(l.crowd.refuse(held))
		l.allowed = min(l.allowed, l.ceiling)
	case !wasFull: // the limit was not what held us back, so nothing is learnt
	case l.allowed < l.ceiling:
		l.allowed = min(l.allowed+1, l.ceiling)
	default:
		l.probe()
	}
	l.allowed = min(l.allowed, float64(l.maximum))
	l.inFlight--
	l.wake()
}

// probe counts a request at the ceiling that was not refused, and raises the
// ceiling after enough of them.
func (l *Limiter) probe() {
	l.calm++
	if l.ceiling >= float64(l.maximum) || l.calm<<l.probes < min(probeRounds*int(l.ceiling), probeRequests) {
		return
	}
	l.ceiling = min(l.ceiling+float64(int(1)<<l.probes), float64(l.maximum))
	l.allowed = min(l.allowed+1, l.ceiling)
	l.calm, l.probes = 0, l.probes+1
}

func (l *Limiter) hasRoom() bool { return float64(l.inFlight) < max(1, l.room()) }

// room is what may be in flight now: what has been learnt, less what others
// need.
func (l *Limiter) room() float64 {
	free := max(float64(l.maximum)-l.others, leastRoom)
	return float64(int(min(l.allowed, free)))
}

func (l *Limiter) take() slot {
	l.inFlight++
	return slot{taken: time.Now(), inFlight: l.inFlight}
}

func (l *Limiter) wake() {
	for len(l.waiting) > 0 && l.hasRoom() {
		l.waiting[0] <- l.take()
		l.waiting = l.waiting[1:]
	}
}

// countOthers learns from the account's requests in flight, which the platform
// counted at some moment while the slot was held.
func (l *Limiter) countOthers(held slot, accountInFlight int) {
	if accountInFlight <= 0 {
		return
	}
	const weight = 0.2
	seen := max(0, accountInFlight-max(held.inFlight, l.inFlight))
	l.others += weight * (float64(seen) - l.others)
}
