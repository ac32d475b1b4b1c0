package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// chromium is a browser with its path.
type chromium struct{ path string }

// findChromium returns the first browser on PATH that takes Chromium's flags.
func findChromium() (string, error) {
	for _, name := range []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium on PATH; install one, such as Debian's chromium-headless-shell, or name it with -chromium")
}

// tallest is how much of a page is photographed, in CSS pixels; scale is how many
// pixels of the picture one of those has: two are sharp on today's screens.
const tallest, scale = 3000, 2

// take photographs a page down to where nothing more is on it. width is in CSS
// pixels.
func (c chromium) take(ctx context.Context, html string, width int, file string) error {
	scratch, err := os.MkdirTemp("", "screenshot-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	page, photo := filepath.Join(scratch, "page.html"), filepath.Join(scratch, "photo.png")
	if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	args := []string{
		"--headless", "--hide-scrollbars", "--disable-gpu", "--user-data-dir=" + filepath.Join(scratch, "profile"),
		fmt.Sprintf("--force-device-scale-factor=%d", scale), fmt.Sprintf("--window-size=%d,%d", width, tallest), "--screenshot=" + photo,
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // it refuses to start for root otherwise
	}
	if output, err := exec.CommandContext(ctx, c.path, append(args, "file://"+page)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c.path, err, output)
	}
	raw, err := os.ReadFile(photo)
	if err != nil {
		return err
	}
	taken, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	cut, err := trim(taken)
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&picture, cut); err != nil {
		return err
	}
	return os.WriteFile(file, picture.Bytes(), 0o644)
}

// trim cuts off what is empty below, but for the margin.
func trim(taken image.Image) (image.Image, error) {
	all := taken.Bounds()
	background := taken.At(all.Min.X, all.Max.Y-1)
	isEmpty := func(y int) bool {
		for x := all.Min.X; x < all.Max.X; x++ {
			if taken.At(x, y) != background {
				return false
			}
		}
		return true
	}
	end := all.Max.Y
	for end > all.Min.Y && isEmpty(end-1) {
		end--
	}
	end += margin * scale
	if end > all.Max.Y {
		return nil, fmt.Errorf("the page is longer than %d CSS pixels", tallest-margin)
	}
	cut := image.NewRGBA(image.Rect(0, 0, all.Dx(), end-all.Min.Y))
	draw.Draw(cut, cut.Bounds(), taken, all.Min, draw.Src)
	return cut, nil
}
