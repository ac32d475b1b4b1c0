package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// sandboxInput is what the command line asks for.
type sandboxInput struct {
	listen     string
	options    twilio.Options
	switches   []string
	withGitHub bool
}

// gitHub is what GitHub's sandbox is like; nil means that there is none.
func (i *sandboxInput) gitHub() *github.Options {
	if !i.withGitHub {
		return nil
	}
	return &github.Options{AssumePushed: true, Latency: i.options.Latency, FaultRate: i.options.FaultRate, Seed: i.options.Seed}
}

// check finds what is out of bounds.
func (i *sandboxInput) check(problems *problem.List) {
	for _, length := range []struct {
		name string
		time.Duration
	}{{"latency", i.options.Latency}, {"build-time", i.options.BuildTime}, {"build-time-max", i.options.BuildTimeMax}} {
		if length.Duration < 0 {
			problems.Add(fmt.Sprintf("%s %q is less than nothing", length.name, length.Duration), "")
		}
	}
	if i.options.MaxConcurrent < 1 {
		problems.Add(fmt.Sprintf("max-concurrent %q is not a number from 1 on", strconv.Itoa(i.options.MaxConcurrent)), "")
	}
	if !(i.options.FaultRate >= 0 && i.options.FaultRate <= 1) {
		problems.Add(fmt.Sprintf("fault-rate %q is not a share from 0 to 1", strconv.FormatFloat(i.options.FaultRate, 'g', -1, 64)), "")
	}
}

func newSandbox(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the Twilio Serverless API from this machine, for tests and trials",
		Long: `Serve the Twilio Serverless API from this machine, until it is stopped. Whatever
is deployed to it answers, too: by its domain in the Host header, and below
/_live/DOMAIN/. It prints the environment variables that point Slipway, and
any other client, at it.

Its answers follow Twilio's documentation strictly: an unknown field or route
is refused. Dependencies are not installed and Functions are not run; a Function
answers with a small JSON document that names its path, Version and Build. Where
no public source tells what Twilio does, --switch turns its other reading on;
slipway sandbox switches lists them.

With --github it serves GitHub's API as well, below /api/v3/, where a GitHub
Enterprise Server has it, and logs what is written there: commit statuses, GitHub
Deployments, comments and GitHub Releases. Nobody has pushed anything to it:
repositories and commits exist as soon as they are named. --latency, --fault-rate
and --seed are for both APIs, --build-time, --max-concurrent, --fail-build and
--switch for Twilio's alone, and --data keeps nothing of GitHub's.`,
		Example: `  slipway sandbox                              # on a free port of this machine
  slipway sandbox --listen 127.0.0.1:8765 --data .sandbox
  slipway sandbox --fault-rate 0.2 --seed 7 --latency 80ms
  slipway sandbox --switch shuffled-builds --switch late-logs
  slipway sandbox --github                     # with GitHub's API, too`,
		Args: noArguments,
	}
	input := &sandboxInput{}
	flags, options := cmd.Flags(), &input.options
	flags.StringVar(&input.listen, "listen", "127.0.0.1:0", "address and port; port 0 takes a free one")
	flags.StringVar(&options.DataDir, "data", "", "keep the world in this folder, for several runs")
	flags.DurationVar(&options.Latency, "latency", 0, "time added to each answer of an API")
	flags.DurationVar(&options.BuildTime, "build-time", time.Second, "how long a Build takes")
	flags.DurationVar(&options.BuildTimeMax, "build-time-max", 0, "draw each Build's time between --build-time and this")
	flags.IntVar(&options.MaxConcurrent, "max-concurrent", 50, "requests at once above which an account gets 429")
	flags.Float64Var(&options.FaultRate, "fault-rate", 0, "share of requests, 0 to 1, that meet a fault")
	flags.Uint64Var(&options.Seed, "seed", 1, "makes faults and build times repeatable")
	flags.StringArrayVar(&input.switches, "switch", nil, "take the other reading of a fact that no source settles; may be given again")
	_ = cmd.RegisterFlagCompletionFunc("switch", cobra.FixedCompletions(switchNames(), cobra.ShellCompDirectiveNoFileComp))
	for name, value := range map[string]string{
		"listen": "ADDRESS", "data": "DIR", "latency": "DURATION", "build-time": "DURATION", "build-time-max": "DURATION",
		"max-concurrent": "N", "fault-rate": "SHARE", "seed": "N", "switch": "NAME",
	} {
		namePlaceholder(flags, name, value)
	}
	flags.Lookup("switch").DefValue = "" // or the help shows an empty list
	failBuild := addBoolean(cmd, "fail-build", "let every Build fail")
	withGitHub := addBoolean(cmd, "github", "serve GitHub's API below /api/v3/, too")
	addSettings(cmd, config.LogLevel)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var problems problem.List
		options.FailBuilds = failBuild.read(&problems)
		input.withGitHub = withGitHub.read(&problems)
		options.Switches = readSwitches(input.switches, &problems)
		input.check(&problems)
		level, err := config.ReadLogLevel(config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv))
		if rest := problems.Take(err); rest != nil {
			return rest
		}
		if err := problems.Err(); err != nil {
			return err
		}
		return runSandbox(cmd.Context(), env, *input, level)
	}
	cmd.AddCommand(newSwitches(env))
	return cmd
}
