package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// embedded is a sandbox inside of another command.
type embedded struct {
	url    string
	cancel context.CancelFunc
	ended  chan error
}

// startEmbedded serves a sandbox on a free port of this machine.
func startEmbedded(ctx context.Context) (*embedded, error) {
	// A deploy that is interrupted still has calls to make.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start a sandbox: %w", err)
	}
	served, err := sandbox.New(sandbox.Options{BuildTime: time.Second})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start a sandbox: %w", err)
	}
	e := &embedded{url: "http://" + listener.Addr().String(), cancel: cancel, ended: make(chan error, 1)}
	go func() { e.ended <- errors.Join(serve(ctx, listener, served), served.Close()) }()
	return e, nil
}

// Close ends the sandbox.
func (e *embedded) Close() {
	e.cancel()
	<-e.ended
}

// instead gives the sandbox's account in place of whatever was given.
func (e *embedded) instead(given func(string) (string, bool)) func(string) (string, bool) {
	account := sandbox.DefaultAccount()
	own := map[string]string{
		config.APIKey: account.KeySID, config.APISecret: account.KeySecret,
		config.APIURL: e.url, config.UploadURL: e.url, config.LiveURL: liveURL(e.url),
	}
	return func(name string) (string, bool) {
		if isAccountSetting(name) {
			text, ok := own[name]
			return text, ok
		}
		return given(name)
	}
}

// hide keeps the environment from naming another account.
func (e *embedded) hide(getenv func(string) string) func(string) string {
	return func(name string) string {
		for _, setting := range config.Settings() {
			if setting.Env == name && isAccountSetting(setting.Name) {
				return ""
			}
		}
		return getenv(name)
	}
}

func isAccountSetting(name string) bool {
	return slices.Contains(accountSettings(), name)
}
