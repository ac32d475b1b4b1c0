package source

import (
	"path/filepath"
	"strings"
)

// maxConfigBytes is far above what git writes there itself.
const maxConfigBytes = 1 << 20

// originOf reads the address of the remote that is called origin from git's own
// configuration of the repository, whose .git the path is; nothing when there is none.
// What other files add to it is left out.
func originOf(git string) string {
	if git == "" {
		return ""
	}
	_, common := foldersOf(git)
	data, err := readSmall(filepath.Join(common, "config"), maxConfigBytes)
	if err != nil {
		return ""
	}
	isOrigin, origin := false, ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			isOrigin = line == `[remote "origin"]`
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		if isOrigin && strings.EqualFold(strings.TrimSpace(key), "url") {
			origin = strings.Trim(strings.TrimSpace(value), `"`) // of several the last one counts
		}
	}
	return origin
}
