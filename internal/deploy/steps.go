package deploy

import (
	"context"
	"encoding/json"
	"fmt"
)

// Steps runs the named parts of a Job. An implementation may store results, so
// that a Job that is run again gets a finished step's result without running
// it. It has standard types only, so that a store can implement it without
// knowing this package.
type Steps interface {
	// Do runs step and returns its result, or returns the result that an
	// earlier run of the same Job stored under that name. Names are told apart
	// within a Job. An error is returned as it is and stored nowhere.
	Do(ctx context.Context, name string, step func(context.Context) ([]byte, error)) ([]byte, error)
}

// InMemory runs every step and stores nothing. It is for a Job that lives no
// longer than its process.
type InMemory struct{}

// Do runs step.
func (InMemory) Do(ctx context.Context, _ string, step func(context.Context) ([]byte, error)) ([]byte, error) {
	return step(ctx)
}

// do runs a step whose result is a plain value.
func do[T any](ctx context.Context, steps Steps, name string, step func(context.Context) (T, error)) (T, error) {
	var result T
	stored, err := steps.Do(ctx, name, func(ctx context.Context) ([]byte, error) {
		made, err := step(ctx)
		if err != nil {
			result = made // what was done is known even when it was not all
			return nil, err
		}
		encoded, err := json.Marshal(made)
		if err != nil {
			return nil, fmt.Errorf("keep the result of step %s: %w", name, err)
		}
		return encoded, nil
	})
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(stored, &result); err != nil {
		return result, fmt.Errorf("read the stored result of step %s: %w", name, err)
	}
	return result, nil
}

// The Steps that change what is live.
const (
	stepActivate          = "activate"
	stepActivateReused    = "activate-reused-build"
	stepEmpty             = "empty"
	stepDeleteEnvironment = "delete-environment"
)

// GoingLive returns the names of the Steps that change what is live: in front of them,
// and not behind, a Job may give way to a newer one.
func GoingLive() []string {
	return []string{stepActivate, stepActivateReused, stepEmpty, stepDeleteEnvironment}
}
