package deploy_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/secret"
)

// TestIndependentReadsGoOutTogether answers neither of two reads before both have come.
func TestIndependentReadsGoOutTogether(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pair     [2]string
		isBefore bool // they are made for the Plan, and else to carry it out
	}{
		"the live Build and the Variables":           {[2]string{"/Builds/{live}", "/Variables"}, true},
		"its Manifest and the newest Builds":         {[2]string{"/Content", "/Builds"}, true},
		"the Environment and the Variables, at last": {[2]string{"/Environments/{environment}", "/Variables"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calm, world := newWorld(t)
			first := deployed(t, calm, other())
			fill := strings.NewReplacer("{live}", string(first.BuildSID), "{environment}", string(first.EnvironmentSID))
			var came [2]chan struct{}
			var seen [2]atomic.Bool
			for i := range came {
				came[i] = make(chan struct{})
			}
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for i, end := range test.pair {
					if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, fill.Replace(end)) {
						continue
					}
					if seen[i].CompareAndSwap(false, true) {
						close(came[i])
					}
					select {
					case <-came[1-i]:
					case <-time.After(10 * time.Second):
						t.Errorf("%s was not answered for 10 s, and %s did not come meanwhile", test.pair[i], test.pair[1-i])
					}
				}
				world.ServeHTTP(w, r)
			}))
			if test.isBefore {
				planned(t, newDeployer(client, deploy.InMemory{}), small())
			} else {
				deployer := newDeployer(calm, deploy.InMemory{})
				deployer.Variables = func() (map[string]secret.String, error) { return secrets("KEY", "another value"), nil }
				plan := planned(t, deployer, small())
				deployer.Client = client
				if _, err := deployer.Apply(t.Context(), plan); err != nil {
					t.Fatal(err)
				}
			}
			if !seen[0].Load() || !seen[1].Load() {
				t.Error("they did not come at all")
			}
		})
	}
}
