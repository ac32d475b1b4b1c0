package twilio

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
)

// blobStore keeps contents under their SHA-256, each once, as long as somebody
// holds them. With a directory they are files and pass through memory only in
// pieces; without one they are in memory. It is safe for concurrent use; the
// lock is never held while a content is read or received.
type blobStore struct {
	root *os.Root // nil: in memory
	mu   sync.Mutex
	held map[string]*heldBlob
}

type heldBlob struct {
	holders int
	bytes   []byte // in memory only
}

const (
	blobsFolder    = "blobs"
	incomingFolder = "incoming"
)

// receive takes in a content and holds it once, for the caller to release. It
// stops with errTooLarge as soon as more than limit bytes have come; 0 means
// no limit.
func (b *blobStore) receive(source io.Reader, limit int64) (hash string, size int64, err error) {
	if limit > 0 {
		source = io.LimitReader(source, limit+1)
	}
	digest := sha256.New()
	var inMemory bytes.Buffer
	target := io.Writer(&inMemory)
	waiting := path.Join(incomingFolder, newSID(""))
	if b.root != nil {
		incoming, err := b.root.Create(waiting)
		if err != nil {
			return "", 0, fmt.Errorf("receive an upload: %w", err)
		}
		defer func() {
			incoming.Close()
			// Gone already when it was kept; one that stays is removed when the
			// directory is opened next.
			_ = b.root.Remove(waiting)
		}()
		target = incoming
	}
	size, err = io.Copy(io.MultiWriter(digest, target), source)
	if err != nil {
		return "", 0, err //nolint:wrapcheck // the caller tells a broken body from a full disk by the error itself
	}
	if limit > 0 && size > limit {
		return "", 0, errTooLarge
	}
	hash = hex.EncodeToString(digest.Sum(nil))
	if err := b.keep(hash, inMemory.Bytes(), waiting); err != nil {
		return "", 0, err
	}
	return hash, size, nil
}

// keep moves a received content to its place, unless an equal one is there.
func (b *blobStore) keep(hash string, inMemory []byte, waiting string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.held[hash]; known != nil {
		known.holders++
		return nil
	}
	if b.root != nil {
		place := place(hash)
		if err := b.root.MkdirAll(path.Dir(place), 0o700); err != nil {
			return fmt.Errorf("keep an upload: %w", err)
		}
		if err := b.root.Rename(waiting, place); err != nil {
			return fmt.Errorf("keep an upload: %w", err)
		}
	}
	b.held[hash] = &heldBlob{holders: 1, bytes: inMemory}
	return nil
}

// retain adds a holder to each content.
func (b *blobStore) retain(hashes []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, hash := range hashes {
		if b.held[hash] == nil {
			b.held[hash] = &heldBlob{}
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
		if b.root != nil {
			// A file that stays is removed when the directory is opened next.
			_ = b.root.Remove(place(hash))
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
	if b.root == nil {
		return nopCloser{bytes.NewReader(known.bytes)}, nil
	}
	content, err := b.root.Open(place(hash))
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
