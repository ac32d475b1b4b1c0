package main

import (
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"
)

const folded = "<p>a</p>\n<details>\n<summary><b><code>voice</code> in <code>dev</code></b></summary>\n<details>\n<summary>1 Asset</summary>\n</details>\n</details>\n"

func TestUnfold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":             folded,
		"voice in dev": strings.Replace(folded, "<details>", "<details open>", 1),
		"Asset":        strings.Replace(folded, "<details>\n<summary>1", "<details open>\n<summary>1", 1),
	} {
		if got, err := unfold(folded, text); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	if got, err := unfold(folded, "code"); err == nil {
		t.Errorf("a tag's name was taken for words: %q", got)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	const markdown = "| A | B |\n|:---|---|\n| `x` | ~~y~~ |\n\n<details>\n<summary>more</summary>\n\n**b**\nc\n\n</details>\n"
	for hardBreaks, bold := range map[bool]string{true: "<strong>b</strong><br>\nc", false: "<strong>b</strong>\nc"} {
		paper := sheet{width: 840, fontSize: 14, hardBreaks: hardBreaks}
		got, err := paper.page([]byte(markdown), ".markdown-body > p { color: red }", colours{"light", "#ffffff", "#d1d9e0"})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			".markdown-body > p { color: red }", "background: #ffffff;", "width: 840px;", "font-size: 14px;", "solid #d1d9e0;",
			`<th style="text-align:left">A</th>`, "<code>x</code>", "<del>y</del>", "<details>\n<summary>more</summary>", bold,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("hard breaks %t: no %q in\n%s", hardBreaks, want, got)
			}
		}
	}
}

func TestTrim(t *testing.T) {
	t.Parallel()
	const width, tall = 10, 400
	taken := image.NewRGBA(image.Rect(0, 0, width, tall))
	draw.Draw(taken, taken.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	taken.Set(3, 99, color.Black)
	got, err := trim(taken)
	if want := image.Rect(0, 0, width, 100+margin*scale); err != nil || got.Bounds() != want {
		t.Errorf("got %v, %v, want %v", got.Bounds(), err, want)
	}
	taken.Set(3, tall-1-margin, color.Black)
	if _, err := trim(taken); err == nil {
		t.Error("a page that is cut off was taken for a whole one")
	}
}
