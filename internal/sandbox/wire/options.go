package wire

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
)

// CheckOptions reports everything that is wrong with the options that all
// sandboxes have: where they are seen from, the share of requests that meet a
// fault, and numbers, by their names, of which none may be negative. An empty
// base URL is right.
func CheckOptions(baseURL string, faultRate float64, numbers map[string]int64) []error {
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		if numbers[name] < 0 {
			wrong = append(wrong, fmt.Errorf("option %s is negative", name))
		}
	}
	if !(faultRate >= 0 && faultRate <= 1) {
		wrong = append(wrong, fmt.Errorf("option FaultRate is %v; it is a share from 0 to 1", faultRate))
	}
	if base, err := url.Parse(baseURL); baseURL != "" && (err != nil || base.Host == "" || base.Scheme == "" || base.Path != "") {
		wrong = append(wrong, fmt.Errorf("option BaseURL is %q; it is a scheme, host and port, such as http://127.0.0.1:8765", baseURL))
	}
	return wrong
}
