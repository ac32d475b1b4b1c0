// Publish does what a release of Slipway needs beside compilers and registries; see
// docs/releasing.md. It is no part of the product.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], environment{stdout: os.Stdout, environ: os.Environ()})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
