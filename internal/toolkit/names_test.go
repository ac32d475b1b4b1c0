package toolkit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/config"
)

func TestReadWarnsOfNames(t *testing.T) {
	t.Parallel()
	tests := map[string]reading{
		"slips": {
			files: map[string]string{rc: "{\nfunctionsFolderName: 'dist',\n'assets-folder': 'a',\nzzz: 1,\ncommands: {\ndeplyo: {\nruntim: 'b'}},\nenvironments: {qa: {\nENV: 'c'}}}"},
			want: []string{
				`warning .twilioserverlessrc:2: the Toolkit knows no setting "functionsFolderName", so that it changes nothing. Did you mean functionsFolder?`,
				`warning .twilioserverlessrc:3: the Toolkit knows no setting "assets-folder", so that it changes nothing. Did you mean assetsFolder?`,
				`warning .twilioserverlessrc:4: the Toolkit knows no setting "zzz", so that it changes nothing. Remove it, or correct its name.`,
				`warning .twilioserverlessrc:7: the Toolkit knows no setting "runtim", so that it changes nothing. Did you mean runtime?`,
				`warning .twilioserverlessrc:9: the Toolkit knows no setting "ENV", so that it changes nothing. Remove it, or correct its name.`,
				`warning .twilioserverlessrc:6: the Toolkit knows no command "deplyo", so that it changes nothing. Did you mean deploy?`,
			},
		},
		"a section of no account": {
			given: map[string]string{config.AccountSID: account},
			files: map[string]string{rc: `{projects: {main: {env: 'a'}, '` + other + `:ie1': {env: 'b'}}}`},
			want: []string{`warning .twilioserverlessrc:1: the section "main" in projects is not called by an Account SID, and never counts. ` +
				"An Account SID has the form AC and 32 hexadecimal digits."},
		},
		"very many": {
			files: map[string]string{rc: "{" + strings.Repeat("zzz: 1,", 1000) + "}"},
			want: append(slices.Repeat([]string{
				`warning .twilioserverlessrc:1: "zzz" comes again, after line 1, and only the last one counts. Remove the others.`,
			}, 10), "warning .twilioserverlessrc: holds 1989 more names that change nothing. Check that it is the file it should be."),
		},
		"names that come again": {
			files: map[string]string{rc: "{\nenv: 'a',\nenvironments: {},\nenv: 'b',\nenvironments: {\ndev: {env: 'c'},\ndev: {\nruntime: 'd',\nruntime: 'e'}}}"},
			want: []string{
				"env-file=b .twilioserverlessrc:4", "runtime=e .twilioserverlessrc:9",
				`warning .twilioserverlessrc:4: "env" comes again, after line 2, and only the last one counts. Remove the others.`,
				`warning .twilioserverlessrc:5: "environments" comes again, after line 3, and only the last one counts. Remove the others.`,
				`warning .twilioserverlessrc:7: "dev" comes again, after line 6, and only the last one counts. Remove the others.`,
				`warning .twilioserverlessrc:9: "runtime" comes again, after line 8, and only the last one counts. Remove the others.`,
			},
		},
		"names to refer to": {
			files: map[string]string{rc + ".yml": "base: &base\n  env: a\nbare: *base\nenvironments:\n  dev: *base\n"},
			want: []string{
				"env-file=a .twilioserverlessrc.yml:2",
				`warning .twilioserverlessrc.yml:3: the Toolkit knows no setting "bare", so that it changes nothing. Remove it, or correct its name.`,
			},
		},
		"settings of other commands": {files: map[string]string{rc: `{commands: {list: {types: 'functions'}, start: {dir: 'a', port: '1'}}}`}},
		"credentials by many names": {
			files: map[string]string{rc: "{" + strings.Join([]string{
				"'api-key': 1", "api_key: 1", "apiKey: 1", "APIKEY: 1", "a_pi_key: 1", "a_p_i_key: 1", "ap_ikey: 1", "apik_ey: 1", "apike_y: 1",
				"'apikey-': 1", "_apikey: 1", "a" + strings.Repeat("_", 50) + "pikey: 1",
			}, ",") + "}"},
			want: []string{"warning .twilioserverlessrc:1: passed over, because accounts, credentials and addresses never come from a repository's files: " +
				"APIKEY, _apikey, a" + strings.Repeat("_", 39) + "…, a_p_i_key, a_pi_key, ap_ikey, api-key, apiKey, api_key, apik_ey, …. " +
				"Give them as flags, as inputs or in the environment."},
		},
		"accounts, credentials and addresses": {
			files: map[string]string{rc: "{\nenv: 'a',\nusername: '" + account + "', password: 'sesame', region: 'ie1', 'api-url': 'https://sesame',\n" +
				"commands: {deploy: {authToken: 'sesame', password: null, edge: 'dublin'}},\nenvironments: {stage: {API_KEY: 'sesame', username: 'x'}}}"},
			want: []string{
				"env-file=a .twilioserverlessrc:2",
				"warning .twilioserverlessrc:3: passed over, because accounts, credentials and addresses never come from a repository's files: " +
					"API_KEY, api-url, authToken, edge, password, region, username. Give them as flags, as inputs or in the environment.",
			},
		},
		"the region that is used": {
			given: map[string]string{config.Region: "ie1", config.Edge: "dublin"},
			files: map[string]string{rc: `{region: 'ie1', edge: 'dublin'}`},
		},
		"Twilio's own region": {files: map[string]string{rc: `{region: 'us1'}`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); test.check(t) })
	}
}
