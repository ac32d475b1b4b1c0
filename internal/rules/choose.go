package rules

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/words"
)

// Choose returns the services that settings choose, in the order of the file: those
// whose path is folder, and of these the one that is called service, here or on the
// platform. An empty text chooses all. Where a single one is left, service may call it
// by yet another name. The error is a problem.List.
func (f *File) Choose(folder, service string) ([]Service, error) {
	var problems problem.List
	chosen := f.Services
	if folder != "" {
		chosen = f.At(folder)
	}
	if len(chosen) == 0 {
		problems.AddAt(f.Path, 0, fmt.Sprintf("no service has the path %s; there are %s", strconv.QuoteToGraphic(document.Shortened(folder)), words.Names(pathsOf(f.Services))),
			"Name one of these folders with working-directory, or add the service.")
		return nil, problems.Err()
	}
	named := slices.DeleteFunc(slices.Clone(chosen), func(one Service) bool { return service != "" && !one.isCalled(service) })
	switch {
	case len(named) > 0:
		return named, nil
	case len(chosen) > 1:
		problems.AddAt(f.Path, 0, fmt.Sprintf("there is no service %s; there are %s", strconv.QuoteToGraphic(document.Shortened(service)), words.Names(Names(chosen))),
			"Name one of them with service, or add it to the file.")
		return nil, problems.Err()
	default:
		return chosen, nil
	}
}

// At returns the services whose path is folder.
func (f *File) At(folder string) []Service {
	return slices.DeleteFunc(slices.Clone(f.Services), func(one Service) bool { return one.Path != path.Clean(folder) })
}

// Called returns the services that have a name, here or on the platform: at most one
// has it here.
func (f *File) Called(name string) []Service {
	return slices.DeleteFunc(slices.Clone(f.Services), func(one Service) bool { return !one.isCalled(name) })
}

// isCalled reports whether a name is that of the service, or of a Service that one of
// its Environments or its previews are in.
func (s *Service) isCalled(name string) bool {
	isOf := func(layer config.Layer) bool { return layer[config.Service].Text == name }
	return s.Name == name || isOf(s.Layer) || s.Previews[config.PreviewService].Text == name && name != "" || slices.ContainsFunc(s.Environments, func(one Environment) bool { return isOf(one.Layer) })
}

// Names returns what the file calls the services.
func Names(services []Service) []string {
	names := make([]string, len(services))
	for i, one := range services {
		names[i] = one.Name
	}
	return names
}

func pathsOf(services []Service) []string {
	paths := make([]string, len(services))
	for i, one := range services {
		paths[i] = one.Path
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// In returns what holds in an Environment of that name: its own settings where there
// are rules for it; those of previews in the Environment of a pull request, and the
// Service that previews go to; in any other, and without a name, what holds in all.
func (s *Service) In(environment string) config.Layer {
	if ruled, hasRules := s.Environment(environment); hasRules {
		return ruled.Layer
	}
	if s.Previews == nil || !IsPreviewName(environment) {
		return s.Layer
	}
	layer := maps.Clone(s.Previews)
	if elsewhere, isElsewhere := layer[config.PreviewService]; isElsewhere {
		layer[config.Service] = elsewhere
	}
	return layer
}

// Settings returns the values with a Layer of the service in place of defaults. Who
// gave the service by the name that it has in the file means the Service that the
// Layer names.
func Settings(values config.Values, service string, layer config.Layer) config.Values {
	if meant, isNamed := layer[config.Service]; isNamed && values[config.Service].Text == service {
		values = values.With(config.Service, meant)
	}
	return values.WithFiles(layer)
}
