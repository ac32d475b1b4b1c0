package action

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/secret"
)

func consoleWithFile(variable, file string) *console {
	return newConsole(io.Discard, func(name string) string {
		if name == variable {
			return file
		}
		return ""
	})
}

func TestSetOutput(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "output")
	c := consoleWithFile(outputFile, file)
	want := map[string]string{
		"url": "https://a-1234-dev.twil.io", "status": "", "result": `{"a":"b<<c","d=":"é"}`, "changed": "a=b",
	}
	for name, value := range want {
		if err := c.SetOutput(name, value); err != nil {
			t.Errorf("SetOutput(%q, %q) = %v", name, value, err)
		}
	}
	for _, value := range []string{"a\nb", "a\rb", "a" + outputDelimiter, "\xff"} {
		err := c.SetOutput("url", value)
		if err == nil || !strings.HasPrefix(err.Error(), "a value ") {
			t.Errorf("SetOutput with %q = %v", value, err)
		}
	}
	for _, name := range []string{"", "a\nb", "a=b", "a<<b"} {
		if err := c.SetOutput(name, "value"); err == nil {
			t.Errorf("SetOutput takes the name %q", name)
		}
	}
	if diff := cmp.Diff(want, readOutputs(t, file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFilesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	tests := map[string]struct{ file, output, summary string }{
		"unset": {
			"",
			"GITHUB_OUTPUT names no file, which a runner has it do",
			"the summary is not written: GITHUB_STEP_SUMMARY names no file, which a runner has it do. The page of the run shows no summary of this step",
		},
		"a folder": {
			folder,
			"the file " + folder + " of GITHUB_OUTPUT cannot be written: is a directory",
			"the summary is not written: the file " + folder + " of GITHUB_STEP_SUMMARY cannot be written: is a directory. The page of the run shows no summary of this step",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := consoleWithFile(outputFile, test.file).SetOutput("url", "value"); err == nil || err.Error() != test.output {
				t.Errorf("SetOutput() = %v, want %s", err, test.output)
			}
			if err := consoleWithFile(summaryFile, test.file).AddSummary("text"); err == nil || err.Error() != test.summary {
				t.Errorf("AddSummary() = %v, want %s", err, test.summary)
			}
		})
	}
}

func TestAddSummary(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "summary")
	c := consoleWithFile(summaryFile, file)
	c.Hide(secret.New("swordfish"))
	first := "# Live\n\na swordfish, and `::error::`\n"
	half := strings.Repeat("a", largestSummary/2-1)
	for _, text := range []string{first, half} {
		if err := c.AddSummary(text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# Live\n\na ***, and `::error::`\n\n" + half + "\n"; string(got) != want {
		t.Errorf("the summary starts with %.50q, want %.50q", got, want)
	}
	exact := strings.Repeat("a", largestSummary-len(got)-1)
	err = c.AddSummary(exact + "b")
	if want := "the summary is not written: it would be 1 byte too long, and GitHub drops one of more than 1.0 MB. The page of the run shows no summary of this step"; err == nil || err.Error() != want {
		t.Errorf("AddSummary() = %v, want %s", err, want)
	}
	if err := c.AddSummary(exact); err != nil {
		t.Errorf("a summary of just the limit: %v", err)
	}
}
