package job_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
)

func TestCheckEnvironment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"dev": "", "production": "", "pr-1234567890123": "", "ZE0123456789abcdef0123456789abcdef": "",
		"": "has no name", "pr-12345678901234": "has 17 characters", "-dev": "cannot be part of a domain", "a.b": "cannot be part of a domain",
		"ZE0123": "", "ZE0123456789abcdef0123456789abcdeg": "has 34 characters", "a\nb": "cannot be part of a domain",
	} {
		fault, fix := job.CheckEnvironment(name)
		if (fault == "") != (want == "") || !strings.Contains(fault, want) || (fix == "") != (fault == "") {
			t.Errorf("%q: %q, %q, want %q", name, fault, fix, want)
		}
	}
}

func TestCheckService(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"voice": "", "ZS0123456789abcdef0123456789abcdef": "", strings.Repeat("ä", 50): "",
		"a.b": "", "..": "has dots alone", ".": "has dots alone",
		"": "has no name", strings.Repeat("a", 51): "has 51 characters", "a b": "holds a character", "@acme/voice": "holds a character", "a\n": "holds a character",
	} {
		fault, fix := job.CheckService(name)
		if (fault == "") != (want == "") || !strings.Contains(fault, want) || (fix == "") != (fault == "") {
			t.Errorf("%q: %q, %q, want %q", name, fault, fix, want)
		}
	}
}

func TestPreviewNumber(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"pr-1": 1, "pr-7": 7, "pr-1234567890123": 1234567890123,
		"": 0, "pr-": 0, "pr-0": 0, "pr-07": 0, "pr--1": 0, "pr-1-environment": 0, "PR-1": 0, "pr-1%": 0, "pr-1\n": 0,
		"xpr-1": 0, "pr-12345678901234": 0, "pr-1a": 0, "pr-１": 0, "stage": 0, "production": 0,
	} {
		got, ok := job.PreviewNumber(name)
		if got != want || ok != (want != 0) {
			t.Errorf("PreviewNumber(%q): got %d, %t", name, got, ok)
		}
		if ok && job.PreviewName(got) != name {
			t.Errorf("the name of %d is %q, want %q", got, job.PreviewName(got), name)
		}
		if fault, _ := job.CheckEnvironment(name); ok && fault != "" {
			t.Errorf("%q is the name of no Environment: %s", name, fault)
		}
	}
}
