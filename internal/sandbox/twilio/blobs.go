package twilio

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
)

// blobStore keeps contents under their SHA-256, each once, as long as somebody
// holds them. With a data directory they are files there. Without one, small
// contents are in memory and large ones are files of a temporary folder, where
// one can be made. What goes to a file passes through memory only in pieces.
// It is safe for concurrent use; the lock is never held while a content is read
// or received.
type blobStore struct {
	root *os.Root // of the data directory; nil without one
	mu   sync.Mutex
	held map[string]*heldBlob

	temporary *os.Root // nil until it is needed
}

type heldBlob struct {
	holders int
	bytes   []byte // unless in a file
	folder  *os.Root
}

const (
	blobsFolder    = "blobs"
	incomingFolder = "incoming"

	// spillBytes is how large a content in memory may be.
	spillBytes = 1 << 20
)

// receive takes in a content and holds it once, for the caller to release. It
// stops with errTooLarge as soon as more than limit bytes have come.
func (b *blobStore) receive(source io.Reader, limit int64) (hash string, size int64, err error) {
	digest := sha256.New()
	one, err := b.take(io.TeeReader(io.LimitReader(source, limit+1), digest))
	if one.folder != nil {
		// Gone already when it was kept; one that stays is removed when the
		// directory is opened next.
		defer func() { _ = one.folder.Remove(one.name) }()
	}
	if err != nil {
		return "", 0, err
	}
	if one.size > limit {
		return "", 0, errTooLarge
	}
	hash = hex.EncodeToString(digest.Sum(nil))
	return hash, one.size, b.keep(hash, one)
}

// incoming is a received content that has no place yet.
type incoming struct {
	size   int64
	bytes  []byte   // unless in a file
	folder *os.Root // where the file is, called name
	name   string
}

// take reads a content to where it can be. An error of the source is returned
// as it is: the caller tells a broken body from a full disk by it.
func (b *blobStore) take(source io.Reader) (incoming, error) {
	folder := b.root
	if folder == nil {
		head, err := io.ReadAll(io.LimitReader(source, spillBytes))
		if err != nil || len(head) < spillBytes {
			return incoming{size: int64(len(head)), bytes: head}, err //nolint:wrapcheck // see above
		}
		source = io.MultiReader(bytes.NewReader(head), source)
		if folder = b.temporaryFolder(); folder == nil {
			all, err := io.ReadAll(source)
			return incoming{size: int64(len(all)), bytes: all}, err //nolint:wrapcheck // see above
		}
	}
	one := incoming{folder: folder, name: path.Join(incomingFolder, newSID(""))}
	file, err := folder.Create(one.name)
	if err != nil {
		return one, fmt.Errorf("receive an upload: %w", err)
	}
	one.size, err = io.Copy(file, source)
	// Closed before it is renamed: Windows renames no open file.
	if closed := file.Close(); err == nil && closed != nil {
		err = fmt.Errorf("receive an upload: %w", closed)
	}
	return one, err
}

// temporaryFolder returns the folder for large contents, which it makes when it
// is first needed; nil when that is not possible.
func (b *blobStore) temporaryFolder() *os.Root {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.temporary != nil {
		return b.temporary
	}
	dir, err := os.MkdirTemp("", "slipway-sandbox-")
	if err != nil {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err == nil {
		if err = root.Mkdir(incomingFolder, 0o700); err == nil {
			b.temporary = root
			return root
		}
		root.Close()
	}
	_ = os.RemoveAll(dir)
	return nil
}

// close removes the temporary folder. What goes on all the same, a content
// that is being read or received, is no concern of ours.
func (b *blobStore) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.temporary == nil {
		return nil
	}
	if err := errors.Join(os.RemoveAll(b.temporary.Name()), b.temporary.Close()); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("remove the temporary folder: %w", err)
	}
	return nil
}

// keep moves a received content to its place, unless an equal one is there.
func (b *blobStore) keep(hash string, one incoming) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.held[hash]; known != nil {
		known.holders++
		return nil
	}
	if one.folder != nil {
		place := place(hash)
		if err := one.folder.MkdirAll(path.Dir(place), 0o700); err != nil {
			return fmt.Errorf("keep an upload: %w", err)
		}
		if err := one.folder.Rename(one.name, place); err != nil {
			return fmt.Errorf("keep an upload: %w", err)
		}
	}
	b.held[hash] = &heldBlob{holders: 1, bytes: one.bytes, folder: one.folder}
	return nil
}

// retain adds a holder to each content.
func (b *blobStore) retain(hashes []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, hash := range hashes {
		if b.held[hash] == nil {
			b.held[hash] = &heldBlob{folder: b.root}
		}
		b.held[hash].holders++
	}
}

// release takes a holder from each content; one without any is removed.
func (b *blobStore) release(hashes []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, hash := range hashes {
		known := b.held[hash]
		if known == nil {
			continue
		}
		if known.holders--; known.holders > 0 {
			continue
		}
		delete(b.held, hash)
		if known.folder != nil {
			// A file that stays is removed when the directory is opened next.
			_ = known.folder.Remove(place(hash))
		}
	}
}

// open returns a content to read and seek in. The content stays readable while
// it is open, also when its last holder goes.
func (b *blobStore) open(hash string) (io.ReadSeekCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.held[hash]
	if known == nil {
		return nil, fmt.Errorf("content %s is not kept: %w", hash, fs.ErrNotExist)
	}
	if known.folder == nil {
		return nopCloser{bytes.NewReader(known.bytes)}, nil
	}
	content, err := known.folder.Open(place(hash))
	if err != nil {
		return nil, fmt.Errorf("read a content: %w", err)
	}
	return content, nil
}

// prepare readies the folders once the world has been read back: it removes
// what an earlier process left half received and files that nothing holds, and
// reports contents whose file is missing.
func (b *blobStore) prepare() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.root.RemoveAll(incomingFolder); err != nil {
		return fmt.Errorf("clear unfinished uploads: %w", err)
	}
	for _, folder := range []string{blobsFolder, incomingFolder} {
		if err := b.root.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make the data directory: %w", err)
		}
	}
	present := map[string]bool{}
	err := fs.WalkDir(b.root.FS(), blobsFolder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if b.held[entry.Name()] == nil {
			return b.root.Remove(name)
		}
		present[entry.Name()] = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("look through the contents: %w", err)
	}
	for hash := range b.held {
		if !present[hash] {
			return fmt.Errorf("the data directory %s lacks the content %s that its journal names; restore it, or use another directory", b.root.Name(), hash)
		}
	}
	return nil
}

func (b *blobStore) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.held)
}

// place is where a content's file is. Hashes of a journal are looked at when it
// is read, so a short one cannot come here.
func place(hash string) string { return path.Join(blobsFolder, hash[:2], hash) }

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }
