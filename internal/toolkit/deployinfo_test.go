package toolkit_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
)

func TestReadDeployInfo(t *testing.T) {
	t.Parallel()
	known := map[string]string{config.AccountSID: account}
	entry := func(name, sid string) string {
		return "\t\"" + name + "\": {\n\t\t\"serviceSid\": \"" + sid + "\",\n\t\t\"latestBuild\": \"" + build + "\"\n\t}"
	}
	whole := func(entries ...string) string { return "{\n" + strings.Join(entries, ",\n") + "\n}" }
	tests := map[string]reading{
		"of the account": {
			given: known, files: map[string]string{info: whole(entry(other+":us1", another), entry(account+":us1", service))},
			want: []string{"service=" + service + " .twiliodeployinfo:7"},
		},
		"without a region": {
			given: known, files: map[string]string{info: whole(entry(account, service))},
			want: []string{"service=" + service + " .twiliodeployinfo:3"},
		},
		"of the region": {
			given: map[string]string{config.AccountSID: account, config.Region: "ie1"},
			files: map[string]string{info: whole(entry(account, another), entry(account+":ie1", service))},
			want:  []string{"service=" + service + " .twiliodeployinfo:7"},
		},
		"without a region, elsewhere": {
			given: map[string]string{config.AccountSID: account, config.Region: "ie1"},
			files: map[string]string{info: whole(entry(account, service))},
		},
		"of another account": {given: known, files: map[string]string{info: whole(entry(other+":us1", service))}},
		"in the folder alone": {
			given: known, folder: "a", files: map[string]string{info: whole(entry(account, service))},
		},
		"beats a name in the settings": {
			given: known, files: map[string]string{rc: `{serviceName: 'voice'}`, info: whole(entry(account, service))},
			want: []string{"service=" + service + " .twiliodeployinfo:3"},
		},
		"gives way to a SID in the settings": {
			given: known, files: map[string]string{rc: `{serviceSid: '` + another + `'}`, info: whole(entry(account, service))},
			want: []string{"service=" + another + " .twilioserverlessrc:1"},
		},
		"gives way to what is given": {
			given: map[string]string{config.Service: "voice"}, files: map[string]string{info: whole(entry(account, service))},
		},
		"an API key alone": {
			files: map[string]string{info: whole(entry(account, service))},
			want: []string{"warning .twiliodeployinfo: is passed over: an API key does not tell its account. " +
				"Give account-sid (TWILIO_ACCOUNT_SID) to have the Service in it used."},
		},
		"an API key alone, and nothing that could count": {files: map[string]string{info: "{}"}},
		"empty": {given: known, files: map[string]string{info: " \n"}},
		"broken": {
			given: known, files: map[string]string{info: "{\n\"a\"\n}"},
			want: []string{`warning .twiliodeployinfo:3: is passed over: there is '}' where "a" should have a colon. Remove it; the Toolkit writes it anew.`},
		},
		"no mapping": {
			given: known, files: map[string]string{info: "\n[]"},
			want: []string{"warning .twiliodeployinfo:2: is passed over: an entry is not what the Toolkit writes, which would pass it over too. Remove it."},
		},
		"an entry is odd": {
			given: known, files: map[string]string{info: whole(entry(account, service), "\""+other+"\": {\"serviceSid\": \""+service+"\"}")},
			want: []string{"warning .twiliodeployinfo:6: is passed over: an entry is not what the Toolkit writes, which would pass it over too. Remove it."},
		},
		"too large": {
			given: known, files: map[string]string{info: strings.Repeat(" ", 1<<20+1)},
			want: []string{"warning .twiliodeployinfo: is passed over: it is larger than 1 MiB. Check that it is what the Toolkit writes, or remove it."},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); test.check(t) })
	}
}
