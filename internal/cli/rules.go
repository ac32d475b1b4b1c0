package cli

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/source"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// ruled is what a command's settings are when slipway.yml was read.
type ruled struct {
	values config.Values
	// top is the root of the repository; empty where there are no rules.
	top      string
	warnings problem.List
}

// rulesOfDeploy reads what slipway.yml says of the folder to deploy, which it may
// name, too. newAccount is that of pipeline.FolderDeploy. The error is a problem.List,
// beside which no folder is given: which one is meant is not known.
func rulesOfDeploy(values config.Values, newAccount bool) (ruled, error) {
	return rulesOf(values, true, func(tree *source.Source, service *rules.Service) config.Values {
		layer := service.In(environmentIn(values, tree, newAccount))
		if at := layer[config.Service]; newAccount && twilio.IsSID("ZS", at.Text) { // which is of another account
			layer = config.Layer{config.Service: {Text: service.Name, File: at.File, Line: service.Line}}.Over(layer)
		}
		return rules.Settings(values, service.Name, layer)
	})
}

// rulesOf chooses the service that is meant, and has apply add what its rules say.
// What keeps the folder from being opened is for others to tell.
func rulesOf(values config.Values, isDeployed bool, apply func(*source.Source, *rules.Service) config.Values) (ruled, error) {
	tree, err := source.Folder(values[config.WorkingDirectory].Text)
	if err != nil {
		return ruled{values: values}, nil
	}
	defer func() { _ = tree.Close() }()
	folder := tree.Folder
	service, warnings, err := chooseService(tree, values, isDeployed)
	if err != nil {
		return ruled{values: values.With(config.WorkingDirectory, config.Written{}), warnings: warnings}, err
	}
	if service == nil {
		return ruled{values: values, warnings: warnings}, nil
	}
	values = apply(tree, service)
	if service.Path != folder {
		values = values.With(config.WorkingDirectory, config.Written{
			Text: filepath.Join(tree.Root, filepath.FromSlash(service.Path)), File: service.Layer[config.Service].File, Line: service.Line,
		})
	}
	return ruled{values: values, top: tree.Root, warnings: warnings}, nil
}

// chooseService returns the service of slipway.yml that the folder of the tree, or the
// setting service, means, and turns the tree to its folder; nil where there are no
// rules. At the root of the repository the only service is meant. One that is deployed
// has to be in the file; otherwise the setting may name any on the platform. The list
// holds warnings, the error is a problem.List.
func chooseService(tree *source.Source, values config.Values, isDeployed bool) (*rules.Service, problem.List, error) {
	file, warnings, err := rules.Find(rules.In(tree.FS), values[config.ConfigFile].Text)
	if err != nil || file == nil {
		return nil, warnings, err
	}
	folder, named := tree.Folder, values[config.Service].Text
	if folder == "." && len(file.At(folder)) == 0 {
		folder = ""
	}
	chosen := file.Called(named)
	if isDeployed || named == "" || len(chosen) != 1 {
		chosen, err = file.Choose(folder, named)
	}
	switch {
	case !isDeployed && named != "" && len(chosen) != 1:
		return nil, warnings, nil // it is on the platform, whatever the file says
	case err != nil:
		return nil, warnings, err
	case len(chosen) > 1:
		var problems problem.List
		problems.AddAt(file.Path, 0, "there are several services: "+words.Names(rules.Names(chosen)), "Name one with service, or its folder.")
		return nil, warnings, problems.Err()
	}
	service := &chosen[0]
	if info, err := fs.Stat(tree.FS, service.Path); isDeployed && (err != nil || !info.IsDir()) {
		var problems problem.List
		problems.AddAt(file.Path, service.Line, fmt.Sprintf("service %s has the path %q, where no folder is", words.Names([]string{service.Name}), service.Path),
			"Correct path, or check that the repository was checked out.")
		return nil, warnings, problems.Err()
	}
	tree.Folder = service.Path
	return service, warnings, nil
}

// environmentIn is the Environment that settings are asked for: the one that is given,
// else what the Toolkit's files say, else the default.
func environmentIn(values config.Values, tree *source.Source, newAccount bool) string {
	if values[config.Environment].Origin == config.FromDefault {
		if layered, _, err := pipeline.WithFiles(values, tree, newAccount); err == nil { // else it is told later
			values = layered
		}
	}
	return values[config.Environment].Text
}
