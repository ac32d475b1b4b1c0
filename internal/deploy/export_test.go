package deploy

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// RowOf is the number of the row of the table that explains a reply; -1 when no row
// does.
func RowOf(reply *twilio.Error) int {
	for i, known := range knownReplies() {
		if known.matches(reply) {
			return i
		}
	}
	return -1
}

// ReplyRows are the known replies as docs/errors.md shows them.
func ReplyRows() []string {
	known := knownReplies()
	rows := make([]string, len(known))
	for i, one := range known {
		rows[i] = fmt.Sprintf("| %s | %s | %s | %s | %s |", one.label(), cmp.Or(strings.Join(one.ops, ", "), "any call"), inTable(one.reason), one.cause, one.fix)
	}
	return rows
}

// BuildCauseRows are the causes of a failed Build as docs/errors.md shows them.
func BuildCauseRows() []string {
	var rows []string
	for _, one := range append(buildCauses(), manyCause(), manifestCause()) {
		rows = append(rows, fmt.Sprintf("| %s | %s |", one.cause, one.fix))
	}
	return rows
}

func (k knownReply) label() string {
	var parts []string
	var statuses []string
	for _, s := range k.statuses {
		switch {
		case s.from == s.to:
			statuses = append(statuses, fmt.Sprintf("%d %s", s.from, http.StatusText(s.from)))
		case s.to == 999:
			statuses = append(statuses, fmt.Sprintf("%d and above", s.from))
		default:
			statuses = append(statuses, fmt.Sprintf("%d to %d", s.from, s.to))
		}
	}
	if len(statuses) > 0 {
		parts = append(parts, strings.Join(statuses, " or "))
	}
	if k.code != 0 {
		parts = append(parts, fmt.Sprintf("code %d", k.code))
	}
	if k.text != "" {
		parts = append(parts, fmt.Sprintf("“%s”", k.text))
	}
	return strings.Join(parts, ", ")
}

func inTable(reason job.Reason) string { return fmt.Sprintf("%d `%s`", reason.ExitCode(), reason) }
