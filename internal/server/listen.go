package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/slipway-dev/slipway/internal/problem"
)

// systemdSocket is the first file that systemd hands over (sd_listen_fds(3)).
const systemdSocket = 3

// Listen listens where a setting says: at "host:port", at "unix:/path", or as "systemd"
// at the socket that systemd has opened for this process. getenv tells of the last.
func Listen(ctx context.Context, setting, where string, getenv func(string) string) (net.Listener, error) {
	var listener net.Listener
	var err error
	path, isUnix := strings.CutPrefix(where, "unix:")
	switch {
	case where == "systemd":
		listener, err = fromSystemd(getenv)
	case isUnix:
		listener, err = listenUnix(ctx, path)
	default:
		listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", where)
	}
	if err != nil {
		fix := "Give host:port, unix:/path, or systemd where it opens the socket."
		if errors.Is(err, syscall.EADDRINUSE) {
			fix = "Stop what listens there, or give another address."
		}
		return nil, &problem.Problem{Message: fmt.Sprintf("%s %q cannot be listened at: %s", setting, where, reasonOf(err)), Fix: fix}
	}
	return listener, nil
}

// reasonOf leaves out of an error of net what is said already.
func reasonOf(err error) string {
	if one, ok := errors.AsType[*net.OpError](err); ok {
		err = one.Err
	}
	return err.Error()
}

// listenUnix takes the place of a socket that nobody listens at any more.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if other, err := (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
			_ = other.Close()
			return nil, errors.New("another process listens there")
		}
		_ = os.Remove(path) // if it cannot be, listening says why
	}
	return (&net.ListenConfig{}).Listen(ctx, "unix", path) //nolint:wrapcheck // Listen says what it was.
}

func fromSystemd(getenv func(string) string) (net.Listener, error) {
	if pid, err := strconv.Atoi(getenv("LISTEN_PID")); err != nil || pid != os.Getpid() || getenv("LISTEN_FDS") == "" {
		return nil, errors.New("systemd has opened no socket for this process")
	}
	file := os.NewFile(systemdSocket, "systemd")
	defer func() { _ = file.Close() }() // the listener has its own
	return net.FileListener(file)       //nolint:wrapcheck // Listen says what it was.
}
