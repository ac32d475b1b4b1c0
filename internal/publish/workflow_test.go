package publish_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/slipway-dev/slipway/internal/publish"
)

// workflow is what these tests read of one.
type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		Permissions map[string]string `yaml:"permissions"`
		Steps       []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

type step struct {
	ID   string            `yaml:"id"`
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	Env  map[string]string `yaml:"env"`
}

func readWorkflow(t *testing.T, file string) (read workflow, text string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}
	return read, string(content)
}

// TestWorkflowsAreSafe holds our own workflows to what keeps others from changing what
// they do.
func TestWorkflowsAreSafe(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", ".github", "workflows", "*.yml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("found %v (%v), want CI and the release", files, err)
	}
	pinned := regexp.MustCompile(`uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+`)
	for _, file := range files {
		read, text := readWorkflow(t, file)
		name := filepath.Base(file)
		if read.Permissions == nil {
			t.Errorf("%s: its token may do what the repository's settings say; want permissions", name)
		}
		if got, want := len(pinned.FindAllString(text, -1)), strings.Count(text, "uses: "); got != want {
			t.Errorf("%s: %d of %d actions are pinned by commit, with their version beside", name, got, want)
		}
		for id, job := range read.Jobs {
			for _, one := range job.Steps {
				if strings.Contains(one.Run, "${{") {
					t.Errorf("%s: a step of %s puts an expression into its script; want it in env:\n%s", name, id, one.Run)
				}
			}
		}
	}
}

// TestReleasePermissions wants no job to have more than it needs, above all none that
// builds: only the last one writes to the repository.
func TestReleasePermissions(t *testing.T) {
	t.Parallel()
	read, _ := readWorkflow(t, filepath.Join("..", "..", ".github", "workflows", "release.yml"))
	got := make(map[string]map[string]string)
	for id, job := range read.Jobs {
		got[id] = job.Permissions
	}
	want := map[string]map[string]string{
		"check":    {"contents": "read"},
		"test":     {"contents": "read"},
		"platform": {"contents": "read", "packages": "write"},
		"image":    {"packages": "write", "id-token": "write", "attestations": "write"},
		"archives": {"contents": "read", "id-token": "write", "attestations": "write"},
		"publish":  {"contents": "write"},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("permissions by job: got (-), want (+):\n%s", diff)
	}
	if len(read.Permissions) != 0 {
		t.Errorf("jobs that say nothing have %v, want nothing", read.Permissions)
	}
}

// gh stands for GitHub's command line: the GitHub Releases are files of $RELEASES, and
// what $REFUSE names fails.
const gh = `#!/usr/bin/env bash
set -euo pipefail
echo "gh $1 $2" >>"$RELEASES/../calls"
if [[ "$1 $2" == "${REFUSE-}" ]]; then
  echo "HTTP 502" >&2
  exit 1
fi
case "$1 $2" in
"auth setup-git") ;;
"release list")
  [[ ! -f $RELEASES/$VERSION ]] || grep -o 'draft=[a-z]*' "$RELEASES/$VERSION" | cut -d= -f2 ;;
"release view")
  [[ "$3 $4 $5 $6 $7" == "$VERSION --json isDraft --jq .isDraft" ]]
  grep -o 'draft=[a-z]*' "$RELEASES/$3" | cut -d= -f2 ;;
"release delete")
  grep -q draft=true "$RELEASES/$3"
  rm "$RELEASES/$3" ;;
"release create")
  version=$3
  [[ ! -f $RELEASES/$version ]]
  shift 3
  echo "draft=true $*" | tr '\n' ' ' >"$RELEASES/$version" ;;
"release edit")
  grep -q draft=true "$RELEASES/$3" # of one that is published nothing may change
  sed -i "s/draft=true/draft=false $5/" "$RELEASES/$3" ;;
*) exit 64 ;;
esac
`

// TestPublishJob runs the scripts of the workflow's last job, word for word, against a
// repository of git and a stand-in for gh: to the end, from each place where it may have
// ended before, and once more behind the end.
func TestPublishJob(t *testing.T) {
	t.Parallel()
	read, _ := readWorkflow(t, filepath.Join("..", "..", ".github", "workflows", "release.yml"))
	var steps []step
	for _, one := range read.Jobs["publish"].Steps {
		if one.ID != "" {
			steps = append(steps, one)
		}
	}
	if ids := slices.Collect(func(yield func(string) bool) {
		for _, one := range steps {
			if !yield(one.ID) {
				return
			}
		}
	}); !slices.Equal(ids, []string{"draft", "tag", "publish", "move"}) {
		t.Fatalf("the steps are %v", ids)
	}
	binary := filepath.Join(t.TempDir(), "publish")
	if printed, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../tools/publish").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	for _, refused := range []string{"", "release list", "release create", "auth setup-git", "release view", "release edit"} {
		t.Run("refused "+refused, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, binary)
			if refused != "" {
				if j.run(t, steps, "REFUSE="+refused) {
					t.Fatal("the job is green")
				}
				if text := j.release(t); strings.Contains(text, "draft=false") {
					t.Errorf("the GitHub Release was published: %s", text)
				}
				if _, moved := j.tags(t)["v1"]; moved {
					t.Error("the moving tag was moved")
				}
				if _, tagged := j.tags(t)["v1.2.0"]; tagged && refused != "release view" && refused != "release edit" {
					t.Error("the tag was pushed")
				}
			}
			// Again, and once more when all is done.
			for run := range 2 {
				made := strings.Count(j.calls(t), "gh release create\n")
				if !j.run(t, steps) {
					t.Fatal("the job is red")
				}
				if diff := cmp.Diff(j.tags(t), map[string]string{"v1.2.0": j.sha, "v1": j.sha}); diff != "" {
					t.Errorf("the tags: got (-), want (+):\n%s", diff)
				}
				const want = "draft=false --latest=true --draft --title v1.2.0 --notes-file notes.md --prerelease=false " +
					"slipway_1.2.0_checksums.txt slipway_1.2.0_linux_amd64.tar.gz "
				if got := j.release(t); got != want {
					t.Errorf("the GitHub Release is %q, want %q", got, want)
				}
				if run == 1 && strings.Count(j.calls(t), "gh release create\n") != made {
					t.Error("a GitHub Release that is published was made again")
				}
			}
		})
	}
}

// job is the last one of the workflow: a clone, and what the jobs before it have left.
type job struct {
	clone

	sha     string
	scratch string // its RUNNER_TEMP
}

func newJob(t *testing.T, binary string) job {
	t.Helper()
	made := job{clone: newClone(t), scratch: t.TempDir()}
	var err error
	if made.sha, err = made.Commit(t.Context(), publish.Version{Major: 1, Minor: 2}, image); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"archives", "releases", "bin"} {
		if err := os.Mkdir(filepath.Join(made.scratch, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"archives/notes.md": "- Faster.\n", "archives/slipway_1.2.0_checksums.txt": "x", "archives/slipway_1.2.0_linux_amd64.tar.gz": "x",
		"bin/gh": gh, "calls": "",
	} {
		if err := os.WriteFile(filepath.Join(made.scratch, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(binary, filepath.Join(made.scratch, "publish")); err != nil {
		t.Fatal(err)
	}
	return made
}

// run runs the steps until one fails, and tells whether none did.
func (j job) run(t *testing.T, steps []step, environ ...string) bool {
	t.Helper()
	values := map[string]string{
		"${{ github.token }}": "ghs_x", "${{ needs.check.outputs.version }}": "v1.2.0",
		"${{ needs.check.outputs.prerelease }}": "false", "${{ needs.check.outputs.latest }}": "true",
		"${{ needs.archives.outputs.commit }}": j.sha,
	}
	for _, one := range steps {
		command := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", one.Run)
		command.Dir = j.Folder
		command.Env = append(slices.Clone(j.Environ), environ...)
		command.Env = append(command.Env, "RUNNER_TEMP="+j.scratch, "RELEASES="+filepath.Join(j.scratch, "releases"),
			"PATH="+filepath.Join(j.scratch, "bin")+":"+os.Getenv("PATH"))
		for _, name := range slices.Sorted(maps.Keys(one.Env)) {
			value, known := values[one.Env[name]]
			if !known {
				t.Fatalf("the step %s has %s=%s, which this test does not know", one.ID, name, one.Env[name])
			}
			command.Env = append(command.Env, name+"="+value)
		}
		if printed, err := command.CombinedOutput(); err != nil {
			t.Logf("%s: %v\n%s", one.ID, err, printed)
			return false
		}
	}
	return true
}

func (j job) tags(t *testing.T) map[string]string {
	t.Helper()
	tags, err := j.Tags(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tags
}

// release is what the stand-in keeps of the GitHub Release; "" means that there is none.
func (j job) release(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(j.scratch, "releases", "v1.2.0"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func (j job) calls(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(j.scratch, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
