package action

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/report"
)

// output is one of the step's outputs.
type output struct {
	name  string
	value func(job.Result) string
}

// deploymentIDOutput is the output that is known once GitHub has been told.
const deploymentIDOutput = "deployment-id"

// outputs are all others that action.yml declares. What is not known is empty.
func outputs() []output {
	url := func(r job.Result) string { return r.URL }
	return []output{
		{"deployment-url", url},
		{"url", url},
		{"domain", func(r job.Result) string { return r.Domain }},
		{"service-sid", func(r job.Result) string { return r.ServiceSID }},
		{"environment-sid", func(r job.Result) string { return r.EnvironmentSID }},
		{"environment-name", func(r job.Result) string { return r.Environment }},
		{"build-sid", func(r job.Result) string { return r.BuildSID }},
		{"previous-build-sid", func(r job.Result) string { return r.PreviousBuildSID }},
		{"deployment-sid", func(r job.Result) string { return r.DeploymentSID }},
		{"status", func(r job.Result) string { return string(r.Status) }},
		{"changed", func(r job.Result) string { return strconv.FormatBool(r.Changed) }},
		{"result", oneLineJSON},
	}
}

// writeOutputs sets what is known, on failure too: of several services their Results
// alone, as an array. What cannot be set is told once for each cause, since a file that
// cannot be written is that of all.
func (r *run) writeOutputs(outcomes []pipeline.Outcome, isOneOfSeveral bool) {
	if isOneOfSeveral {
		results := make([]job.Result, len(outcomes))
		for i, one := range outcomes {
			results[i] = one.Result
		}
		r.setOutputs([]output{{"result", func(job.Result) string { return inOneLine(results) }}}, job.Result{})
		return
	}
	r.setOutputs(outputs(), outcomes[0].Result)
}

func (r *run) setOutputs(all []output, result job.Result) {
	var causes []string
	unset := make(map[string][]string)
	for _, one := range all {
		value := one.value(result)
		if value == "" {
			continue // as good as set
		}
		if err := r.console.SetOutput(one.name, value); err != nil {
			cause := err.Error()
			if unset[cause] == nil {
				causes = append(causes, cause)
			}
			unset[cause] = append(unset[cause], one.name)
		}
	}
	for _, cause := range causes {
		r.isWithoutOutputs = true
		r.console.Annotate(levelWarning, place{}, "Slipway: outputs", fmt.Sprintf(
			"Outputs are not set, and later steps read them as empty: %s; %s", strings.Join(unset[cause], ", "), cause))
	}
}

// writeDeploymentID sets the output that is known last.
func (r *run) writeDeploymentID(id gh.DeploymentID) {
	if id != 0 && !r.isWithoutOutputs {
		r.setOutputs([]output{{deploymentIDOutput, func(job.Result) string { return strconv.FormatInt(int64(id), 10) }}}, job.Result{})
	}
}

// writeSummary adds the Result to the page of the workflow's run.
func (r *run) writeSummary(outcome pipeline.Outcome) {
	if err := r.console.AddSummary(report.Summary(outcome.Result, outcome.Plan, largestSummary/2)); err != nil {
		r.console.Annotate(levelWarning, place{}, "Slipway: summary", err.Error())
	}
}

// oneLineJSON is the whole Result.
func oneLineJSON(result job.Result) string { return inOneLine(result) }

// inOneLine is a value as one line of JSON, which escapes each line break. Encoding a
// Result cannot fail.
func inOneLine(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf(`{"version":%d}`, job.ResultVersion)
	}
	return string(text)
}
