// Command screenshot takes pictures of GitHub-flavoured Markdown as GitHub shows it:
// each file is rendered, styled with GitHub's own stylesheet and photographed in a
// headless Chromium, in light and in dark colours. The pictures of report.md are
// report-light.png and report-dark.png.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("screenshot [flags] FILE.md ...", flag.ContinueOnError)
	var paper sheet
	styles := flags.String("styles", "node_modules/github-markdown-css", "the folder of GitHub's stylesheets, which is npm's github-markdown-css")
	out := flags.String("out", ".", "the folder for the pictures")
	browser := flags.String("chromium", "", "the browser; the first on PATH when empty")
	flags.IntVar(&paper.width, "width", 840, "of the box, in CSS pixels; 840 is that of a comment in a wide window")
	flags.IntVar(&paper.fontSize, "font-size", 14, "in CSS pixels; 14 is that of comments")
	flags.BoolVar(&paper.hardBreaks, "hard-breaks", true, "break lines where the Markdown does, as in comments")
	flags.StringVar(&paper.unfolded, "unfold", "", "the folded part to show unfolded, by what stands in its line")
	if err := flags.Parse(args); err != nil {
		return err
	}
	camera := chromium{path: *browser}
	if camera.path == "" {
		found, err := findChromium()
		if err != nil {
			return err
		}
		camera.path = found
	}
	for _, file := range flags.Args() {
		markdown, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		for _, scheme := range []colours{{"light", "#ffffff", "#d1d9e0"}, {"dark", "#0d1117", "#3d444d"}} {
			css, err := os.ReadFile(filepath.Join(*styles, "github-markdown-"+scheme.name+".css"))
			if err != nil {
				return fmt.Errorf("%w; npm ci puts it there", err)
			}
			page, err := paper.page(markdown, string(css), scheme)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			picture := filepath.Join(*out, name+"-"+scheme.name+".png")
			if err := camera.take(ctx, page, paper.width+2*margin, picture); err != nil {
				return fmt.Errorf("%s: %w", picture, err)
			}
			fmt.Println(picture)
		}
	}
	return nil
}
