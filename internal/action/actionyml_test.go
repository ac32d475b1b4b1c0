package action

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
)

// metadata is what GitHub reads of an action.yml
// (docs.github.com/actions/reference/workflows-and-actions/metadata-syntax).
type metadata struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Author      string `yaml:"author"`
	Branding    struct {
		Icon  string `yaml:"icon"`
		Color string `yaml:"color"`
	} `yaml:"branding"`
	Inputs map[string]struct {
		Description string  `yaml:"description"`
		Default     *string `yaml:"default"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Description string `yaml:"description"`
	} `yaml:"outputs"`
	Runs struct {
		Using string   `yaml:"using"`
		Image string   `yaml:"image"`
		Args  []string `yaml:"args"`
	} `yaml:"runs"`
}

func readMetadata(t *testing.T) metadata {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var read metadata
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&read); err != nil {
		t.Fatalf("action.yml: %v", err)
	}
	return read
}

func TestMetadataDeclaresTheInputsThatAreRead(t *testing.T) {
	t.Parallel()
	declared := readMetadata(t).Inputs
	for _, setting := range config.Inputs() {
		input, ok := declared[setting.Name]
		if !ok {
			t.Errorf("the input %s is read, and action.yml does not declare it", setting.Name)
			continue
		}
		delete(declared, setting.Name)
		if setting.Env != "" && !strings.Contains(input.Description, "["+setting.Env+"]") {
			t.Errorf("%s: the description does not name [%s]", setting.Name, setting.Env)
		}

		// An input with a default always counts as given. That is right only where
		// neither the environment nor a file may give it.
		isOfTheActionAlone := slices.ContainsFunc(config.ActionSettings(), func(one config.Setting) bool { return one.Name == setting.Name })
		want := new(setting.Default)
		switch {
		case setting.Name == config.GitHubToken:
			want = new("${{ github.token }}")
		case !isOfTheActionAlone:
			want = nil
			if setting.Default != "" && !strings.Contains(input.Description, "Default: "+setting.Default) {
				t.Errorf("%s: the description does not say %q", setting.Name, "Default: "+setting.Default)
			}
		}
		if diff := cmp.Diff(input.Default, want); diff != "" {
			t.Errorf("%s: the default in action.yml (-) is not the code's (+):\n%s", setting.Name, diff)
		}
	}
	for name := range declared {
		t.Errorf("action.yml declares the input %s, and nothing reads it", name)
	}
}

func TestMetadataDeclaresTheOutputsThatAreSet(t *testing.T) {
	t.Parallel()
	declared := readMetadata(t).Outputs
	full := job.NewResult()
	full.Status, full.URL, full.Domain, full.Environment = job.Deployed, "https://a.twil.io", "a.twil.io", "dev"
	full.ServiceSID, full.EnvironmentSID, full.BuildSID, full.PreviousBuildSID, full.DeploymentSID = "ZS", "ZE", "ZB", "ZB0", "ZD"
	for _, one := range outputs() {
		if _, ok := declared[one.name]; !ok {
			t.Errorf("the output %s is set, and action.yml does not declare it", one.name)
		}
		delete(declared, one.name)
		if one.value(full) == "" {
			t.Errorf("the output %s is empty though everything is known", one.name)
		}
	}
	if _, ok := declared[deploymentIDOutput]; !ok {
		t.Errorf("action.yml does not declare the output %s", deploymentIDOutput)
	}
	delete(declared, deploymentIDOutput)
	for name := range declared {
		t.Errorf("action.yml declares the output %s, and nothing sets it", name)
	}
}

func TestMetadataIsFitForTheMarketplace(t *testing.T) {
	t.Parallel()
	read := readMetadata(t)
	if read.Name == "" || read.Author == "" || read.Branding.Icon == "" || read.Branding.Color == "" {
		t.Error("name, author or branding is missing")
	}
	// When a release is published there: "Description must be less than 125 characters."
	if length := utf8.RuneCountInString(read.Description); length == 0 || length >= 125 {
		t.Errorf("the description has %d characters; 1 to 124 are possible", length)
	}
	for name, input := range read.Inputs {
		// A runner refuses the whole file.
		if strings.Contains(input.Description, "${{") {
			t.Errorf("the input %s has an expression in its description", name)
		}
		if strings.TrimSpace(input.Description) == "" {
			t.Errorf("the input %s has no description", name)
		}
	}
	for name, one := range read.Outputs {
		if strings.TrimSpace(one.Description) == "" {
			t.Errorf("the output %s has no description", name)
		}
	}
	if read.Runs.Using != "docker" || !slices.Equal(read.Runs.Args, []string{"action"}) {
		t.Errorf("runs %s %v, want docker [action]", read.Runs.Using, read.Runs.Args)
	}
}
