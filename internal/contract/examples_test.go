package contract_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryExampleOfTheFileIsRead has the client read each reply that the OpenAPI
// file gives as an example.
func TestEveryExampleOfTheFileIsRead(t *testing.T) {
	t.Parallel()
	file := officialFile(t)
	verb := regexp.MustCompile(`^(Fetch|Create|Update)`)
	exemplified := map[string]bool{}
	for name, operation := range operations(file) {
		for _, response := range operation.Responses.Map() {
			for _, media := range response.Value.Content {
				for example, value := range media.Examples {
					exemplified[name] = true
					t.Run(name+"/"+example, func(t *testing.T) {
						t.Parallel()
						var reply bytes.Buffer
						if err := json.NewEncoder(&reply).Encode(value.Value.Value); err != nil {
							t.Fatal(err)
						}
						wantRead(t, verb.ReplaceAllString(name, ""), reply.Bytes())
					})
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(operations(file))) {
		if !strings.HasPrefix(name, "Delete") && !exemplified[name] {
			t.Errorf("the file has no example of %s", name)
		}
	}
}
