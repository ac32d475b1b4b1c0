package contract_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pages reads Twilio's reference pages by their names, or skips the test.
func pages(t *testing.T) map[string]string {
	t.Helper()
	folder := os.Getenv("SLIPWAY_TWILIO_PAGES")
	if folder == "" {
		t.Skip("SLIPWAY_TWILIO_PAGES does not name a folder with Twilio's reference pages of the Serverless API")
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(name)] = string(text)
	}
	return texts
}

// TestEveryReplyOnThePagesIsRead has the client read each reply that is shown on
// Twilio's reference pages.
func TestEveryReplyOnThePagesIsRead(t *testing.T) {
	t.Parallel()
	// How many replies each page shows: one that is overlooked is not tested.
	want := map[string]int{"build.md": 5, "build-2025.txt": 5, "build-status.txt": 1, "deployment.txt": 4, "function.txt": 4}
	found := map[string]int{}
	for name, text := range pages(t) {
		for i, reply := range repliesOn(text) {
			found[name]++
			t.Run(fmt.Sprintf("%s/%d", name, i+1), func(t *testing.T) {
				t.Parallel()
				wantRead(t, resourceOf(t, reply), reply)
			})
		}
	}
	if diff := cmp.Diff(found, want); diff != "" {
		t.Errorf("replies on the pages (-found +want)\n%s", diff)
	}
}

var (
	// lineNumber is what is left of the numbers beside samples on a page that was
	// saved as text.
	lineNumber = regexp.MustCompile(`(?m)^_?\d+\n`)
	openBrace  = regexp.MustCompile(`(?m)^\{$`)
	// maskedSID is a SID whose digits the page hides.
	maskedSID = regexp.MustCompile(`\b([A-Z]{2})X{32}\b`)
)

// repliesOn finds the replies on a page: JSON objects that are a resource or a
// page of a listing. Digits that the page hides become zeros.
func repliesOn(text string) [][]byte {
	text = lineNumber.ReplaceAllString(text, "")
	var replies [][]byte
	for end := 0; ; {
		at := openBrace.FindStringIndex(text[end:])
		if at == nil {
			return replies
		}
		begin := end + at[0]
		end = begin + 1
		decoder := json.NewDecoder(strings.NewReader(text[begin:]))
		var object map[string]any
		if decoder.Decode(&object) != nil {
			continue
		}
		end = begin + int(decoder.InputOffset())
		if object["sid"] != nil || object["meta"] != nil {
			replies = append(replies, maskedSID.ReplaceAll([]byte(text[begin:end]), []byte("${1}"+strings.Repeat("0", 32))))
		}
	}
}

// resourceOf tells what a reply is, by its key or its address.
func resourceOf(t *testing.T, reply []byte) string {
	t.Helper()
	var of struct {
		URL  string `json:"url"`
		Meta struct {
			Key string `json:"key"`
		} `json:"meta"`
	}
	if err := json.Unmarshal(reply, &of); err != nil {
		t.Fatal(err)
	}
	collections := map[string]string{"builds": "Build", "deployments": "Deployment", "functions": "Function"}
	if of.Meta.Key != "" {
		return "List" + collections[of.Meta.Key]
	}
	segments := strings.Split(strings.ToLower(of.URL), "/")
	if last := segments[len(segments)-1]; last == "status" {
		return "BuildStatus"
	}
	return collections[segments[len(segments)-2]]
}
