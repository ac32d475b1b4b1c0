package config_test

import (
	"net/netip"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
)

// TestAdminListensHere: what asks nobody who they are is reached from this machine
// alone, unless somebody says otherwise.
func TestAdminListensHere(t *testing.T) {
	t.Parallel()
	given := map[string]string{config.Data: "d", config.WebhookSecret: "s", config.GitHubToken: "t"}
	values := config.Resolve(config.ServerSettings(), func(name string) (string, bool) { text, isGiven := given[name]; return text, isGiven }, func(string) string { return "" })
	read, err := config.ReadServer(values)
	if err != nil {
		t.Fatal(err)
	}
	if address, err := netip.ParseAddrPort(read.AdminListen); err != nil || !address.Addr().IsLoopback() {
		t.Errorf("it listens at %s, %v", read.AdminListen, err)
	}
}
