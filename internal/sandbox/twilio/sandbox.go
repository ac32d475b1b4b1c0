// Package twilio is a sandbox of the Twilio Serverless API: an http.Handler
// that stands for the API host, the upload host and the deployed domains, for
// tests and trials without an account.
//
// It is strict, so that a client that works here works there: it holds
// requests to the documented fields, types, lengths and limits, and answers
// what it does not know loudly. It is honest: where no source says what Twilio
// does, Switches holds both readings. Faults come by rate and seed, or exactly
// as a test asks.
//
// Sources named in comments: the official OpenAPI file of the Serverless API,
// Twilio's reference pages, and issues of twilio-labs/serverless-toolkit
// ("toolkit") and other public clients. It shares nothing with any client.
// Level 1: it imports sandbox/wire and the standard library.
package twilio

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// Sandbox is the handler. Make it with New. It is safe for concurrent use.
//
// It looks at the Host header: serverless.twilio.com (and its regional forms)
// has the API without uploads, serverless-upload.twilio.com only uploads, and
// <domain>.twil.io what is deployed there. Any other host has both halves of
// the API, and the domains under /_live/<domain>/.
type Sandbox struct {
	options Options
	routers map[side]*wire.Router[operation]
	chance  wire.Chance
	panics  wire.Panics
	worlds  []*world // fixed by New
	blobs   *blobStore
	domains *domainBases
	root    *os.Root // nil in memory
	journal *journal // nil in memory
}

// New opens a Sandbox. It reports all options that are wrong at once, and a
// data directory that is damaged, in use, or of another format version.
func New(options Options) (*Sandbox, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	s := &Sandbox{
		options: options,
		routers: route(operations()),
		chance:  wire.Chance{Seed: options.Seed},
		domains: &domainBases{taken: map[string]bool{}},
	}
	if options.DataDir == "" {
		s.blobs = &blobStore{held: map[string]*heldBlob{}}
		s.worldsOf(options.Accounts)
		return s, nil
	}
	if err := s.openData(options.DataDir); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Sandbox) worldsOf(accounts []Account) {
	for _, account := range accounts {
		s.worlds = append(s.worlds, newWorld(account, s.blobs, s.domains))
	}
}

// openData reads the world back and writes to the directory from then on.
func (s *Sandbox) openData(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the data directory: %w", err)
	}
	s.root = root
	s.blobs = &blobStore{root: root, held: map[string]*heldBlob{}}
	s.worldsOf(s.options.Accounts)
	journal, lines, err := openJournal(root, s.replay)
	if err != nil {
		return errors.Join(err, root.Close())
	}
	if err := s.settle(journal, lines); err != nil {
		return errors.Join(err, journal.close(), root.Close())
	}
	s.journal = journal
	for _, w := range s.worlds {
		w.journal = journal
	}
	return nil
}

func (s *Sandbox) settle(journal *journal, lines int) error {
	if err := s.blobs.prepare(); err != nil {
		return err
	}
	resources := 0
	for _, w := range s.worlds {
		resources += len(w.contents())
	}
	if !needsCompaction(lines, resources) {
		return nil
	}
	return journal.compact(s.root, s.worlds)
}

// replay repeats one commit of the journal. An account that the options do not
// name keeps its world, which nobody can sign in to.
func (s *Sandbox) replay(account string, changes []change) error {
	w := s.worldOf(account)
	if w == nil {
		w = newWorld(Account{SID: account}, s.blobs, s.domains)
		s.worlds = append(s.worlds, w)
	}
	for _, one := range changes {
		if err := w.check(one); err != nil {
			return err
		}
		if err := w.apply(one); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sandbox) worldOf(account string) *world {
	for _, w := range s.worlds {
		if w.account.SID == account {
			return w
		}
	}
	return nil
}

// Close lets go of the data directory; requests that change anything fail from
// then on. Without one it removes the temporary folder of large contents. It
// reports panics that the Sandbox met while it served: each is a bug of the
// Sandbox, and a test that ends with Close shows it. To close again is no error.
func (s *Sandbox) Close() error {
	met := s.panics.Err()
	if s.journal == nil {
		return errors.Join(met, s.blobs.close())
	}
	return errors.Join(met, s.journal.close(), s.root.Close())
}

// ServeHTTP answers the API and the deployed domains.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if domain, path, found := liveTarget(r); found {
		s.serveLive(w, r, domain, path)
		return
	}
	s.serveAPI(w, r)
}
