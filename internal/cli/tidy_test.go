package cli

import "regexp"

// Tidied replaces what differs from run to run: SIDs, ports, the numbers of
// domains, times, and sizes of what the examples hold.
func Tidied(text string) string {
	for _, rule := range []struct{ pattern, instead string }{
		{`\b([A-Z]{2})[0-9a-f]{32}\b`, `${1}…`},
		{`\b[0-9a-f]{64}\b`, `SHA256`},
		{`\b(127\.0\.0\.1|0\.0\.0\.0):[0-9]+`, `${1}:PORT`},
		{`-[0-9]{4}((?:-[a-z0-9-]+)?\.twil\.io)`, `-NNNN${1}`},
		{`\b([a-z]+)-[0-9]{4}(["\s])`, `${1}-NNNN${2}`},
		{`\b(?:[0-9]+m)?[0-9]+(?:\.[0-9]+)?m?s\b`, `N.Ns`},
		{`\bslipway-Doctor-[0-9a-f]{12}\b`, `slipway-Doctor-HEX`},
		{`\b[0-9]+ seconds? ago\b`, `N seconds ago`},
		{`\b20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:]{5} UTC`, `DATE`},
		{`\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z`, `DATE`},
		{`\b[0-9]+ API calls?\b`, `N API calls`},
		{`(?m)^[0-9.]+ (?:bytes|KB|MB)`, `N bytes`},
		{`\| API calls \| [0-9]+ \|`, `| API calls | N |`},
		{`"(api_calls|uploaded_bytes)": ?[1-9][0-9]*`, `"${1}": N`},
		{`(?m)^(deployment-id<<.*\n)[0-9]+$`, `${1}N`},
		{`"duration_ms": ?[0-9]+`, `"duration_ms": N`},
	} {
		text = regexp.MustCompile(rule.pattern).ReplaceAllString(text, rule.instead)
	}
	return text
}
