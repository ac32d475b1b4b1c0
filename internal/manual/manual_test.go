package manual_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/manual"
)

// source has a date that is the day before in UTC.
var source = manual.Source{Version: "v1.2.3", Date: time.Date(2026, 2, 1, 5, 0, 0, 0, time.FixedZone("", 6*60*60))}

func TestPages(t *testing.T) {
	t.Parallel()
	run := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "ship", Short: "Take things away", CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}}
	load := &cobra.Command{
		Use: "load [DIR]", Short: `Take "cargo" aboard`, Run: run,
		Long: "Take the cargo in DIR aboard.\n'Twas C:\\hold.\n.ship is read first.\n\n" +
			"  .hidden       # as it is\n    deeper      # – and further in\n\n#### Night:\n\n\tship load > $(ship hold --by-night)\n\nThat is all.",
		Example: "  ship load --weight 3t",
	}
	load.Flags().StringP("weight", "w", "1t", "most that is loaded, as a `NUMBER` of tonnes [SHIP_WEIGHT]")
	load.Flags().Bool("dry-run", false, "load nothing")
	load.Flags().Bool("secret", false, "not shown")
	_ = load.Flags().MarkHidden("secret")
	root.PersistentFlags().Duration("timeout", time.Minute, "how long it may take")
	root.AddCommand(load, &cobra.Command{Use: "scuttle", Hidden: true, Run: run})

	pages := manual.Pages(root, source)
	want := map[string]string{
		"ship.1": `.TH "SHIP" "1" "2026\-01\-31" "slipway v1.2.3" "Slipway"
.nh
.ad l
.SH "NAME"
ship \- Take things away
.SH "SYNOPSIS"
\fBship\fR [flags]
.br
\fBship\fR COMMAND
.SH "DESCRIPTION"
Take things away
.SH "COMMANDS"
.TP
\fBship\-load\fR(1)
Take "cargo" aboard
.SH "OPTIONS"
.TP
\fB\-h\fR, \fB\-\-help\fR
help for ship
.TP
\fB\-\-timeout\fR \fIduration\fR
how long it may take (default 1m0s)
`,
		"ship-load.1": `.TH "SHIP\-LOAD" "1" "2026\-01\-31" "slipway v1.2.3" "Slipway"
.nh
.ad l
.SH "NAME"
ship\-load \- Take "cargo" aboard
.SH "SYNOPSIS"
\fBship load\fR [DIR] [flags]
.SH "DESCRIPTION"
Take the cargo in DIR aboard.
\&'Twas C:\ehold.
\&.ship is read first.
.PP
.RS "2"
.nf
\&.hidden       # as it is
  deeper      # \[u2013] and further in
.fi
.RE
.PP
\fBNight:\fR
.PP
.RS "2"
.nf
ship load > $(ship hold \-\-by\-night)
.fi
.RE
.PP
That is all.
.SH "OPTIONS"
.TP
\fB\-\-dry\-run\fR
load nothing
.TP
\fB\-h\fR, \fB\-\-help\fR
help for load
.TP
\fB\-w\fR, \fB\-\-weight\fR \fINUMBER\fR
most that is loaded, as a NUMBER of tonnes [SHIP_WEIGHT] (default 1t)
.SH "OPTIONS OF ALL COMMANDS"
.TP
\fB\-\-timeout\fR \fIduration\fR
how long it may take (default 1m0s)
.SH "EXAMPLES"
.RS "2"
.nf
ship load \-\-weight 3t
.fi
.RE
.SH "SEE ALSO"
\fBship\fR(1)
`,
	}
	if diff := cmp.Diff(pages, want); diff != "" {
		t.Errorf("the pages: got (-), want (+):\n%s", diff)
	}
}

var (
	// request is a line that roff acts on, of those that a page uses.
	request = regexp.MustCompile(`^\.(TH|SH|PP|TP|RS|RE|br|nf|fi|nh|ad l)( "|$)`)
	// escapes are those that a page uses.
	escapes = regexp.MustCompile(`\\(-|e|&|\(dq|f[BIR]|\[u[0-9A-F]{4,6}\])`)
)

// TestPagesOfSlipway wants a page for each command that --help lists, with all of its
// flags, in which roff finds nothing but what is meant for it.
func TestPagesOfSlipway(t *testing.T) {
	t.Parallel()
	pages := manual.Pages(cli.Commands(), source)
	var walk func(*cobra.Command)
	walk = func(command *cobra.Command) {
		name := strings.ReplaceAll(command.CommandPath(), " ", "-") + ".1"
		page, found := pages[name]
		if !found {
			t.Errorf("there is no page %s", name)
		}
		delete(pages, name)
		command.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			if want := `\fB` + strings.ReplaceAll("--"+flag.Name, "-", `\-`) + `\fR`; !flag.Hidden && !strings.Contains(page, want) {
				t.Errorf("%s does not have --%s", name, flag.Name)
			}
		})
		for number, line := range strings.Split(strings.TrimSuffix(page, "\n"), "\n") {
			if (strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'")) && !request.MatchString(line) {
				t.Errorf("%s:%d: roff takes %q for a request", name, number+1, line)
			}
			if strings.Contains(escapes.ReplaceAllString(line, ""), `\`) {
				t.Errorf("%s:%d: %q has an escape that nobody meant", name, number+1, line)
			}
		}
		for _, below := range command.Commands() {
			if below.IsAvailableCommand() && below.Name() != "help" {
				walk(below)
			}
		}
	}
	walk(cli.Commands())
	for name := range pages {
		t.Errorf("nobody expects the page %s", name)
	}
}
