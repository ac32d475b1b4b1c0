package cli_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-dev/slipway/internal/cli"
)

// The command line is tested by scripts, one for each behaviour, in
// testdata/script. Each runs real processes in a folder of its own, against a
// sandbox of its own that lives in the test's process. `go test -update`
// rewrites what the scripts expect; read the difference before you keep it.

var update = flag.Bool("update", false, "rewrite expected output in the scripts")

func TestMain(m *testing.M) {
	// Scripts wait for processes and clocks more than they compute. A value given
	// on the command line still counts: it is parsed after this.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		// The same as main.go.
		"slipway": func() {
			ctx, stop := cli.WithSignals(context.Background())
			code := cli.Main(ctx, cli.Env{
				Args: os.Args[1:], Getenv: os.Getenv, Environ: os.Environ, Stdout: os.Stdout, Stderr: os.Stderr,
			})
			stop()
			os.Exit(code)
		},
	})
}

func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		Setup:               setUp,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// Running things.
			"fails":  positive(fails),
			"start":  positive(start),
			"await":  positive(await),
			"signal": positive(signalProcess),
			"print":  positive(printOutput),
			"ended":  positive(ended),
			"find":   positive(find),
			// Making files.
			"project": positive(project),
			"sparse":  positive(sparse),
			"fill":    positive(fill),
			"edit":    positive(edit),
			// Servers, and what they saw.
			"sandbox":     positive(startSandbox),
			"answer":      positive(answer),
			"calls":       positive(calls),
			"proxy":       positive(startProxy),
			"proxied":     positive(proxied),
			"post":        positive(post),
			"expire":      positive(expire),
			"later":       positive(later),
			"certificate": positive(certificate),
			"get":         positive(get),
			// A runner's part.
			"workflow": positive(workflow),
			"commit":   positive(commit),
			"pull":     positive(pull),
			"input":    positive(input),
			"step":     positive(step),
			"steplog":  positive(steplog),
			// GitHub, and a client of its.
			"github":       positive(startGitHub),
			"statuses":     positive(statuses),
			"comments":     positive(comments),
			"deployments":  positive(deployments),
			"commitstatus": positive(commitStatus),
			"pullstate":    positive(pullState),
			"release":      positive(release),
			// What is there.
			"fetch":       positive(fetch),
			"variables":   positive(variables),
			"environment": positive(environmentSID),
			"service":     positive(serviceSID),
			"remember":    positive(remember),
			"untouched":   positive(untouched),
			"single":      positive(single),
			// Comparing.
			"tidy": positive(tidy),
		},
	})
}

// positive makes a command of a function that has no use for a "!".
func positive(command func(*testscript.TestScript, *stage, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command takes no !")
		}
		on, ok := ts.Value(stageKey{}).(*stage)
		if !ok {
			ts.Fatalf("the script has no stage")
		}
		command(ts, on, args)
	}
}

// stage is what one script has beside its folder.
type stage struct {
	environ   []string // of Setup, for processes that run beside the script
	sandbox   *sandboxServer
	github    *githubServer
	proxy     *proxyServer
	processes map[string]*process
	pulls     int // runs for pull requests so far
	seen      int // calls of the sandbox when a process was last started
}

type stageKey struct{}

func setUp(env *testscript.Env) error {
	projects, err := filepath.Abs(filepath.Join("..", "..", "testdata", "projects"))
	if err != nil {
		return err
	}
	env.Setenv("PROJECTS", projects)
	// Under -race a process sleeps for a second at its end otherwise.
	if env.Getenv("GORACE") == "" {
		env.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	on := &stage{processes: map[string]*process{}}
	env.Values[stageKey{}] = on
	env.Defer(func() {
		for _, running := range on.processes {
			running.kill()
		}
	})
	on.environ = env.Vars
	return nil
}

// fails runs a command that must exit with a code: fails 2 slipway deploy.
func fails(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: fails code program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got, err := exitCode(ts.Exec(args[1], args[2:]...))
	ts.Check(err)
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(err error) (int, error) {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// project copies one of the repository's example projects into the script's
// folder: project hello.
func project(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: project name")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[0]), os.DirFS(filepath.Join(ts.Getenv("PROJECTS"), args[0]))))
}

// sparse makes a file of so many bytes that takes no room: sparse movie.mp4 26214401.
func sparse(ts *testscript.TestScript, _ *stage, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sparse file bytes")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	file := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o777))
	ts.Check(os.WriteFile(file, nil, 0o666))
	ts.Check(os.Truncate(file, size))
}
