package twilio

import "time"

// Snapshot is the whole world of all accounts at one moment, oldest first, in
// structs of its own that stay as they are.
type Snapshot struct {
	Services     []Service
	Environments []Environment
	Variables    []Variable
	Functions    []File
	Assets       []File
	Versions     []Version
	Builds       []Build
	Deployments  []Deployment
	// Blobs is how many different contents are kept.
	Blobs int
}

// Service is a Service in a Snapshot.
type Service struct {
	SID, AccountSID, UniqueName, FriendlyName, DomainBase string
	IncludeCredentials, UIEditable                        bool
}

// Environment is an Environment in a Snapshot.
type Environment struct {
	SID, ServiceSID, UniqueName, DomainSuffix, DomainName string
	BuildSID                                              string // empty: nothing is live
}

// Variable is a Variable in a Snapshot.
type Variable struct {
	SID, EnvironmentSID, Key, Value string
}

// File is a Function or an Asset in a Snapshot.
type File struct {
	SID, ServiceSID, FriendlyName string
}

// Version is a Function Version or an Asset Version in a Snapshot.
type Version struct {
	SID, ServiceSID, FileSID, Path, Visibility, ContentType string
	IsFunction                                              bool
	SHA256                                                  string // hex
	Size                                                    int64  // bytes
}

// Build is a Build in a Snapshot.
type Build struct {
	SID, ServiceSID, Status, Runtime string
	VersionSIDs                      []string
	Dependencies                     map[string]string // version by name
	Created                          time.Time
}

// Deployment is a Deployment in a Snapshot.
type Deployment struct {
	SID, ServiceSID, EnvironmentSID string
	BuildSID                        string // empty: it emptied the Environment
	Created                         time.Time
}

// Snapshot reads the world. Each account's part is consistent in itself.
func (s *Sandbox) Snapshot() Snapshot {
	var all Snapshot
	for _, w := range s.worlds {
		w.addTo(&all)
	}
	all.Blobs = s.blobs.count()
	return all
}

func (w *world) addTo(all *Snapshot) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, one := range w.services.all() {
		all.Services = append(all.Services, Service{
			SID: one.SID, AccountSID: w.account.SID, UniqueName: one.UniqueName, FriendlyName: one.FriendlyName,
			DomainBase: one.DomainBase, IncludeCredentials: one.IncludeCredentials, UIEditable: one.UIEditable,
		})
	}
	for _, one := range w.environments.all() {
		all.Environments = append(all.Environments, Environment{
			SID: one.SID, ServiceSID: one.Parent, UniqueName: one.UniqueName, DomainSuffix: one.DomainSuffix,
			DomainName: one.DomainName, BuildSID: one.BuildSID,
		})
	}
	for _, one := range w.variables.all() {
		all.Variables = append(all.Variables, Variable{SID: one.SID, EnvironmentSID: one.Parent, Key: one.Key, Value: one.Value})
	}
	for _, one := range w.files.all() {
		flat := File{SID: one.SID, ServiceSID: one.Parent, FriendlyName: one.FriendlyName}
		if one.Kind == kindFunction {
			all.Functions = append(all.Functions, flat)
		} else {
			all.Assets = append(all.Assets, flat)
		}
	}
	for _, one := range w.versions.all() {
		all.Versions = append(all.Versions, Version{
			SID: one.SID, ServiceSID: one.ServiceSID, FileSID: one.Parent, Path: one.Path, Visibility: one.Visibility,
			ContentType: one.ContentType, IsFunction: one.Kind == kindFunction, SHA256: one.Blob, Size: one.Size,
		})
	}
	for _, one := range w.builds.all() {
		all.Builds = append(all.Builds, one.flat(time.Now()))
	}
	for _, one := range w.deployments.all() {
		flat := Deployment{SID: one.SID, EnvironmentSID: one.Parent, BuildSID: one.BuildSID, Created: one.Created}
		if env, found := w.environments.get(one.Parent); found {
			flat.ServiceSID = env.Parent
		}
		all.Deployments = append(all.Deployments, flat)
	}
}

func (b *build) flat(now time.Time) Build {
	flat := Build{
		SID: b.SID, ServiceSID: b.Parent, Status: b.status(now), Runtime: b.Runtime, Created: b.Created,
		Dependencies: map[string]string{},
	}
	for _, one := range b.Versions {
		flat.VersionSIDs = append(flat.VersionSIDs, one.SID)
	}
	for _, one := range b.Dependencies {
		flat.Dependencies[one.Name] = one.Version
	}
	return flat
}
