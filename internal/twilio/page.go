package twilio

import (
	"html"
	"strings"
)

// isPage reports whether a body is HTML, as proxies and load balancers answer.
func isPage(body string) bool {
	start := strings.ToLower(oneLine(body, 20))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html") || strings.HasPrefix(start, "<head") ||
		strings.HasPrefix(start, "<body")
}

// pageText returns what a page of HTML, which may be cut short, shows to a reader, each
// part once: what says "502 Bad Gateway" says so in its title and in its headline. It
// is empty when there is nothing to read.
func pageText(page string) string {
	var parts []string
	told := make(map[string]bool)
	add := func(text string) {
		if text = strings.Join(strings.Fields(html.UnescapeString(text)), " "); text != "" && !told[text] {
			told[text] = true
			parts = append(parts, text)
		}
	}
	for page != "" {
		text, rest, isTag := strings.Cut(page, "<")
		add(text)
		if !isTag {
			break
		}
		name := strings.ToLower(rest[:min(len(rest), len("script"))])
		end := ">"
		switch {
		case strings.HasPrefix(name, "!--"):
			end = "-->"
		case strings.HasPrefix(name, "script"):
			end = "</script>"
		case strings.HasPrefix(name, "style"):
			end = "</style>"
		}
		page = behind(rest, end)
	}
	return strings.Join(parts, " ")
}

// behind returns what comes behind the first end of a text, in any case of letters;
// nothing when it has none.
func behind(text, end string) string {
	for i := range len(text) - len(end) + 1 {
		if strings.EqualFold(text[i:i+len(end)], end) {
			return text[i+len(end):]
		}
	}
	return ""
}
