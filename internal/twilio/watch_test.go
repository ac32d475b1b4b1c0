package twilio_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const buildSID = "ZB00000000000000000000000000000001"

func TestWaitForBuildThroughFailures(t *testing.T) {
	t.Parallel()
	status := func(code int, body string) pipe {
		return func(*http.Request) (*http.Response, error) { return reply(code, strings.NewReader(body)), nil }
	}
	hangs := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	asksToWait := func(*http.Request) (*http.Response, error) {
		response := reply(429, strings.NewReader(""))
		response.Header.Set("Retry-After", "3")
		return response, nil
	}
	done := status(200, `{"sid":"`+buildSID+`","status":"completed"}`)
	for name, test := range map[string]struct {
		looks   []pipe // the last one stays
		budget  time.Duration
		sent    int
		elapsed time.Duration
		want    func(error) bool
	}{
		"that pass":                    {[]pipe{status(503, ""), hangs, status(500, ""), done}, time.Hour, 4, 62500 * time.Millisecond, isNil},
		"that last":                    {[]pipe{status(503, "")}, time.Hour, 10, 79500 * time.Millisecond, isA[*retry.GaveUpError]},
		"that last beyond the budget":  {[]pipe{status(503, "")}, 5 * time.Second, 5, 5 * time.Second, isBudget},
		"inside which the budget ends": {[]pipe{hangs}, 5 * time.Second, 1, 5 * time.Second, isBudget},
		"with a wait that fits":        {[]pipe{asksToWait, done}, 5 * time.Second, 2, 3 * time.Second, isNil},
		"that will not pass":           {[]pipe{status(401, "")}, time.Hour, 1, 0, isA[*twilio.Error]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				started, sent := time.Now(), 0
				var last time.Time
				client := inMemory(t, func(r *http.Request) (*http.Response, error) {
					sent++
					if sent > 1 && time.Since(last) < 500*time.Millisecond {
						t.Errorf("look %d came %s after the one before", sent, time.Since(last))
					}
					last = time.Now()
					return test.looks[min(sent, len(test.looks))-1](r)
				})
				_, err := client.WithBuildBudget(test.budget).WaitForBuild(t.Context(), serviceSID, buildSID)
				if elapsed := time.Since(started); elapsed != test.elapsed || sent != test.sent {
					t.Errorf("ended after %d looks in %s, want %d in %s", sent, elapsed, test.sent, test.elapsed)
				}
				if !test.want(err) {
					t.Errorf("got error %v", err)
				}
			})
		})
	}
}

// TestWaitForBuildNoticesSoon draws how long Builds take. A look tells where its Build
// stood when the request came, which is the worst that a platform can do, and takes
// 80 ms.
func TestWaitForBuildNoticesSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 1))
		var late []time.Duration
		for range 1000 {
			started, takes := time.Now(), 2*time.Second+time.Duration(random.Int64N(int64(18*time.Second)))
			var looks []time.Time
			client := inMemory(t, func(*http.Request) (*http.Response, error) {
				looks = append(looks, time.Now())
				if len(looks) > 2 && time.Since(looks[len(looks)-3]) < time.Second {
					t.Errorf("more than two looks within a second, %s after the start", time.Since(started))
				}
				status := "building"
				if time.Since(started) >= takes {
					status = "completed"
				}
				time.Sleep(80 * time.Millisecond)
				return reply(200, strings.NewReader(`{"sid":"`+buildSID+`","status":"`+status+`"}`)), nil
			})
			if _, err := client.WaitForBuild(t.Context(), serviceSID, buildSID); err != nil {
				t.Fatal(err)
			}
			late = append(late, time.Since(started)-takes)
		}
		slices.Sort(late)
		if middle := late[len(late)/2]; middle > 350*time.Millisecond {
			t.Errorf("the end of a Build is noticed %s late in the median, want at most 350ms", middle)
		} else {
			t.Logf("%s late in the median", middle)
		}
	})
}

func isNil(err error) bool    { return err == nil }
func isBudget(err error) bool { return errors.Is(err, retry.ErrBudget) }

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
