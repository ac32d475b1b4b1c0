package config

import "time"

// Previews is the settings of where pull requests go.
type Previews struct {
	// Service is the one that they go to; empty means that of the deploy.
	Service string
	// Max is how many there may be; 0 means that no setting limits them.
	Max int
	// TTL is how long one stays that is not updated; 0 means for ever.
	TTL time.Duration
}

// Bounds of a preview's life: less would take away what is being looked at.
const (
	shortestTTL = time.Hour
	longestTTL  = 365 * 24 * time.Hour
)

// ReadPreviews reads values as Previews. The error is a problem.List.
func ReadPreviews(values Values) (Previews, error) {
	r := reader{values: values}
	read := r.previews()
	return read, r.problems.Err()
}

func (r *reader) previews() Previews {
	return Previews{Service: r.text(PreviewService), Max: r.count(PreviewMax), TTL: r.ttl()}
}

func (r *reader) ttl() time.Duration {
	if r.text(PreviewTTL) == "" {
		return 0
	}
	ttl, err := ParseDuration(r.text(PreviewTTL))
	if err != nil || ttl < shortestTTL || ttl > longestTTL {
		r.wrong(PreviewTTL, "is not a length of time from 1h to 365d", "Give a number and a unit, such as 12h or 7d.")
		return 0
	}
	return ttl
}
