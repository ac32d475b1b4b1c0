package config

// Release is the settings of a promote, a roll-back or a teardown. What names an
// Environment, a Build or a commit is checked by who looks for it.
type Release struct {
	Deploy

	PromoteFrom       string
	BuildSID          string
	To                string
	CreateEnvironment bool
	AllowProduction   bool
}

// ReadRelease reads values as a Release. getenv gives the values of bare KEY lines
// in variables. The error is a problem.List of everything that is wrong.
func ReadRelease(values Values, getenv func(string) string) (Release, error) {
	r := reader{values: values}
	read := r.release(getenv)
	return read, r.problems.Err()
}

func (r *reader) release(getenv func(string) string) Release {
	return Release{
		Deploy:            r.deploy(getenv),
		PromoteFrom:       r.text(PromoteFrom),
		BuildSID:          r.text(BuildSID),
		To:                r.text(To),
		CreateEnvironment: r.boolean(CreateEnvironment),
		AllowProduction:   r.boolean(AllowProduction),
	}
}
