package foreign_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	update = flag.Bool("update", false, "write into docs/sandbox.md what the clients did")

	sandboxPage = filepath.Join("..", "..", "docs", "sandbox.md")
	// pageMutex is held by the test that reads or writes the page.
	pageMutex sync.Mutex
)

// readPage returns docs/sandbox.md.
func readPage(t *testing.T) string {
	t.Helper()
	pageMutex.Lock()
	defer pageMutex.Unlock()
	text, err := os.ReadFile(sandboxPage)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block returns the page's first block of code of a language behind a text.
func block(t *testing.T, behind, language string) string {
	t.Helper()
	_, text, found := strings.Cut(readPage(t), behind)
	if !found {
		t.Fatalf("docs/sandbox.md does not say %q", behind)
	}
	_, text, _ = strings.Cut(text, "```"+language+"\n")
	text, _, found = strings.Cut(text, "\n```\n")
	if !found {
		t.Fatalf("docs/sandbox.md has no block of %s behind %q", language, behind)
	}
	return text + "\n"
}

// operations are all of the Serverless API: those of Twilio's OpenAPI file, and the
// two uploads.
const operations = 41

// Cells of the table.
const (
	did    = "yes"
	didNot = "–"
)

// holdColumn compares a client's column of the page's table with what the client did.
// With -update it writes the column.
func (w *world) holdColumn(t *testing.T, client string) {
	t.Helper()
	if t.Failed() {
		return // the client did not come to its end
	}
	w.mu.Lock()
	done := slices.Sorted(maps.Keys(w.done))
	w.mu.Unlock()
	if *update {
		writeColumn(t, client, done)
	}
	var listed []string
	rows, column := table(t, readPage(t), client)
	for _, row := range rows[:operations] {
		if row[column] == did {
			listed = append(listed, row[0])
		}
	}
	slices.Sort(listed)
	if diff := cmp.Diff(listed, done); diff != "" {
		t.Errorf("what docs/sandbox.md says of %s (-) differs from what it did (+); -update writes the page:\n%s", client, diff)
	}
	if got, want := rows[operations][column], sum(len(done)); got != want {
		t.Errorf("docs/sandbox.md says that %s does %s operations, want %s", client, got, want)
	}
	t.Logf("%s did %d of %d operations", client, len(done), operations)
}

func sum(count int) string { return "**" + strconv.Itoa(count) + "**" }

// table returns the cells of the page's table, without its head, and which column is
// a client's.
func table(t *testing.T, page, client string) (rows [][]string, column int) {
	t.Helper()
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		row := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		rows = append(rows, row)
	}
	if len(rows) != 2+operations+1 {
		t.Fatalf("the table of docs/sandbox.md has %d lines; want two for its head, %d for the operations and one for the sums", len(rows), operations)
	}
	if column = slices.Index(rows[0], client); column < 1 {
		t.Fatalf("the table of docs/sandbox.md has no column %q", client)
	}
	return rows[2:], column
}

func writeColumn(t *testing.T, client string, done []string) {
	t.Helper()
	pageMutex.Lock()
	defer pageMutex.Unlock()
	text, err := os.ReadFile(sandboxPage)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(text), "\n|---")
	if !found {
		t.Fatal("docs/sandbox.md has no table")
	}
	rows, column := table(t, string(text), client)
	ruler, _, _ := strings.Cut(string(text[len(head)+1:]), "\n")
	var page strings.Builder
	page.WriteString(head + "\n" + ruler + "\n")
	for i, row := range rows {
		switch {
		case i == operations:
			row[column] = sum(len(done))
		case slices.Contains(done, row[0]):
			row[column] = did
		default:
			row[column] = didNot
		}
		page.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	if err := os.WriteFile(sandboxPage, []byte(page.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPageListsEveryOperationOnce also finds operations that no client has done.
func TestPageListsEveryOperationOnce(t *testing.T) {
	t.Parallel()
	rows, _ := table(t, readPage(t), "twilio-run")
	seen := map[string]bool{}
	for _, row := range rows[:operations] {
		if seen[row[0]] {
			t.Errorf("%s is listed twice", row[0])
		}
		seen[row[0]] = true
		if !slices.Contains(row, did) {
			t.Errorf("no client does %s", row[0])
		}
	}
}
