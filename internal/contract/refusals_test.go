package contract_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// offence is a request that the file does not allow.
type offence struct {
	name        string
	params      url.Values
	path        string // with SIDs in place of its parameters
	wantRefusal int
}

// TestSandboxRefusesWhatTheFileDoesNotAllow sends, for each operation and each of
// its parameters, requests that are wrong in that one alone. It does so in both
// positions of the Sandbox's switches.
func TestSandboxRefusesWhatTheFileDoesNotAllow(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{"as it is by default": {}, otherwise: allSwitches()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOffencesRefused(t, switches)
		})
	}
}

func wantOffencesRefused(t *testing.T, switches sandbox.Switches) {
	t.Helper()
	file := officialFile(t)
	w := newWorld(t, sandbox.Options{Switches: switches})
	var s tour
	s.fill(t, w, w.client(t))
	s.look(t, w.client(t))
	before := w.sandbox.Snapshot()

	count := 0
	for path, item := range file.Paths.Map() {
		for method, operation := range item.Operations() {
			for _, one := range offences(operation, path, s.sids(path), switches) {
				count++
				if got := w.send(t, method, one.path, one.params); got != one.wantRefusal {
					t.Errorf("%s with %s answered %d, want %d (%s %s %v)", operation.OperationID, one.name, got, one.wantRefusal, method, one.path, one.params)
				}
			}
		}
	}
	if diff := cmp.Diff(before, w.sandbox.Snapshot()); diff != "" {
		t.Errorf("a request that was refused took effect (-before +after):\n%s", diff)
	}
	t.Logf("%d offences refused", count)
	if count < 100 {
		t.Errorf("the file gave %d offences, too few to be true", count)
	}
}

// sids are good values of a path's parameters, and of what a Build needs.
func (s *tour) sids(path string) map[string]string {
	service, environment := string(s.services[0].SID), string(s.environments[0].SID)
	function, asset := string(s.functions[0].SID), string(s.assets[0].SID)
	known := map[string]string{"ServiceSid": service, "EnvironmentSid": environment, "FunctionSid": function, "AssetSid": asset, "version": string(s.sources[0].SID)}
	for parent, sid := range map[string]string{
		"/v1/Services/":            service,
		"/Environments/":           environment,
		"/Variables/":              string(s.variables[0].SID),
		"/Deployments/":            string(s.deployments[0].SID),
		"/Logs/":                   string(s.logs[0].SID),
		"/Functions/":              function,
		"/{FunctionSid}/Versions/": string(s.sources[0].SID),
		"/Assets/":                 asset,
		"/{AssetSid}/Versions/":    string(s.files[0].SID),
		"/Builds/":                 string(s.builds[0].SID),
	} {
		if strings.Contains(path, parent+"{Sid}") {
			known["Sid"] = sid
		}
	}
	return known
}

// offences are what can be wrong with an operation's request, one thing at a time.
func offences(operation *openapi3.Operation, path string, sids map[string]string, switches sandbox.Switches) []offence {
	with := func(wrong string) string {
		filled := path
		for name, sid := range sids {
			if name == wrong {
				sid = "nonsense"
			}
			filled = strings.ReplaceAll(filled, "{"+name+"}", sid)
		}
		return filled
	}
	form := formOf(operation)
	good := url.Values{}
	for _, name := range form.Required {
		good.Set(name, "good")
	}
	if operation.OperationID == "CreateBuild" { // required, though the file does not say so
		good.Set("FunctionVersions", sids["version"])
	}
	changed := func(name string, values ...string) url.Values {
		params := maps.Clone(good)
		delete(params, name)
		if len(values) > 0 {
			params[name] = values
		}
		return params
	}
	all := []offence{{"an unknown parameter", changed("Nonsense", "1"), with(""), http.StatusBadRequest}}
	for _, parameter := range operation.Parameters {
		if parameter.Value.In == openapi3.ParameterInPath {
			name, want := parameter.Value.Name, http.StatusNotFound
			// A Service may be named otherwise than by its SID.
			if isService := strings.HasSuffix(path, "/Services/{Sid}") || name == "ServiceSid"; switches.MalformedSIDsAre400 && !isService {
				want = http.StatusBadRequest
			}
			all = append(all, offence{"nonsense for " + name, good, with(name), want})
		}
	}
	for _, name := range form.Required {
		all = append(all,
			offence{"no " + name, changed(name), with(""), http.StatusBadRequest},
			offence{"an empty " + name, changed(name, ""), with(""), http.StatusBadRequest})
	}
	for name, schema := range parameters(operation) {
		for what, value := range wrongValues(name, schema) {
			want := http.StatusBadRequest
			if name == "BuildSid" && !switches.StaleBuildIs400 {
				want = http.StatusNotFound // like a Build that is not there
			}
			all = append(all, offence{name + " that is " + what, changed(name, value), with(""), want})
		}
		if !schema.Type.Is("array") {
			all = append(all, offence{name + " twice", changed(name, "1", "1"), with(""), http.StatusBadRequest})
		}
	}
	slices.SortFunc(all, func(a, b offence) int { return strings.Compare(a.name, b.name) })
	return all
}

// wrongValues are values that a parameter's schema does not allow.
func wrongValues(name string, schema *openapi3.Schema) map[string]string {
	switch {
	case schema.Type.Is("integer"):
		return map[string]string{"no number": "many", "negative": "-1"}
	case schema.Type.Is("boolean"):
		return map[string]string{"no Boolean": "maybe"}
	case schema.Format == "date-time":
		return map[string]string{"no time": "yesterday"}
	case schema.Type.Is("array"), schema.Pattern != "", name == "PageToken":
		return map[string]string{"nonsense": "nonsense"}
	default:
		return nil // any text will do
	}
}

// send makes a signed request and returns the status of its reply.
func (w *world) send(t *testing.T, method, path string, params url.Values) int {
	t.Helper()
	address := "https://serverless.twilio.com" + path
	body := strings.NewReader("")
	if method == http.MethodPost {
		body = strings.NewReader(params.Encode())
	} else {
		address += "?" + params.Encode()
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.SetBasicAuth(w.account.SID, w.account.AuthToken)
	response, err := w.transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
