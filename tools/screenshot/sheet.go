package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// margin is the space around the box, in CSS pixels.
const margin = 16

// sheet is how Markdown is set.
type sheet struct {
	width      int // of the box, in CSS pixels
	fontSize   int // in CSS pixels
	hardBreaks bool
	// unfolded is the folded part that is shown unfolded, by what stands in its line;
	// none when it is empty.
	unfolded string
}

// colours are one of GitHub's schemes, with the colours of what is around the
// Markdown as CSS has them.
type colours struct{ name, background, border string }

const layout = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<style>
{{.CSS}}
body { margin: {{.Margin}}px; background: {{.Background}}; }
.markdown-body { box-sizing: border-box; width: {{.Width}}px; padding: 16px; font-size: {{.FontSize}}px; border: 1px solid {{.Border}}; border-radius: 6px; }
</style>
<article class="markdown-body">
{{.Body}}
</article>
</html>
`

// page renders Markdown and styles it. All of it is trusted: HTML stays as it is.
func (s sheet) page(markdown []byte, css string, scheme colours) (string, error) {
	setting := []goldmark.Option{goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())}
	if s.hardBreaks {
		setting = append(setting, goldmark.WithRendererOptions(html.WithHardWraps()))
	}
	var body bytes.Buffer
	if err := goldmark.New(setting...).Convert(markdown, &body); err != nil {
		return "", err
	}
	shown, err := unfold(body.String(), s.unfolded)
	if err != nil {
		return "", err
	}
	parsed, err := template.New("page").Parse(layout)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	err = parsed.Execute(&page, map[string]any{
		"CSS": css, "Background": scheme.background, "Border": scheme.border,
		"Margin": margin, "Width": s.width, "FontSize": s.fontSize, "Body": shown,
	})
	return page.String(), err
}

// summary is the line of a folded part, with what stands before it.
var summary, tag = regexp.MustCompile(`<details>\s*<summary>(.*?)</summary>`), regexp.MustCompile(`<[^>]*>`)

// unfold opens the folded part in whose line text stands; an empty text opens none.
func unfold(body, text string) (string, error) {
	if text == "" {
		return body, nil
	}
	for _, at := range summary.FindAllStringSubmatchIndex(body, -1) {
		if line := body[at[2]:at[3]]; strings.Contains(tag.ReplaceAllString(line, ""), text) {
			return body[:at[0]] + "<details open>" + body[at[0]+len("<details>"):], nil
		}
	}
	return "", fmt.Errorf("nothing folded is called %q", text)
}
