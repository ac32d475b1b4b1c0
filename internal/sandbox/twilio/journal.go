package twilio

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// journal is the file that a world with a data directory is read back from: a
// line that says the format, then one line of JSON for each commit. A line is
// written with a single call before the commit is answered, so a process that
// is killed loses no answered change; a line cut short by the kill was never
// answered and is dropped when the file is opened next.
type journal struct {
	mu     sync.Mutex
	file   *os.File
	lock   io.Closer
	size   int64
	broken error
}

type journalHeader struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
}

type journalLine struct {
	Account string   `json:"account"`
	Changes []change `json:"changes"`
}

const (
	journalFile    = "journal.jsonl"
	journalFormat  = "slipway-sandbox-twilio"
	journalVersion = 1

	// A journal is written anew at opening when it has this many times more
	// lines than resources, and more lines than the floor.
	compactRatio = 4
	compactFloor = 1000
)

// openJournal reads dir's journal, passing each commit to replay, and opens it
// for more. It returns how many commits it read.
func openJournal(root *os.Root, replay func(account string, changes []change) error) (*journal, int, error) {
	lock, err := lockDir(root)
	if err != nil {
		return nil, 0, err
	}
	file, err := root.OpenFile(journalFile, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		lock.Close()
		return nil, 0, fmt.Errorf("open the journal: %w", err)
	}
	j := &journal{file: file, lock: lock}
	lines, err := j.read(root.Name(), replay)
	if err != nil {
		return nil, 0, errors.Join(err, j.close())
	}
	return j, lines, nil
}

func (j *journal) read(dir string, replay func(string, []change) error) (int, error) {
	reader := bufio.NewReaderSize(j.file, 1<<16)
	head, err := reader.ReadBytes('\n')
	switch {
	case errors.Is(err, io.EOF) && bytes.HasPrefix(headerLine(), head):
		// New, or killed while the first line was being written.
		return 0, j.restart(headerLine())
	case err != nil && !errors.Is(err, io.EOF):
		return 0, fmt.Errorf("read the journal: %w", err)
	}
	var header journalHeader
	if json.Unmarshal(head, &header) != nil || header.Format != journalFormat {
		return 0, fmt.Errorf("%s is no journal of the Twilio sandbox; choose another data directory", filepath.Join(dir, journalFile))
	}
	if header.Version != journalVersion {
		return 0, fmt.Errorf("the data directory %s was written in format version %d, and this program knows version %d only; choose another directory, or the program that wrote it", dir, header.Version, journalVersion)
	}
	j.size = int64(len(head))
	for lines := 0; ; lines++ {
		text, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return lines, j.cutTo(j.size)
		}
		if err != nil {
			return 0, fmt.Errorf("read the journal: %w", err)
		}
		var line journalLine
		if err := json.Unmarshal(text, &line); err != nil {
			return 0, fmt.Errorf("%s:%d is damaged: %w; restore the data directory, or use another", filepath.Join(dir, journalFile), lines+2, err)
		}
		if err := replay(line.Account, line.Changes); err != nil {
			return 0, fmt.Errorf("%s:%d is damaged: %w; restore the data directory, or use another", filepath.Join(dir, journalFile), lines+2, err)
		}
		j.size += int64(len(text))
	}
}

func headerLine() []byte {
	return []byte(fmt.Sprintf("{\"format\":%q,\"version\":%d}\n", journalFormat, journalVersion))
}

func (j *journal) restart(text []byte) error {
	if err := j.cutTo(0); err != nil {
		return err
	}
	if _, err := j.file.Write(text); err != nil {
		return fmt.Errorf("begin the journal: %w", err)
	}
	j.size = int64(len(text))
	return nil
}

// cutTo drops everything after size and goes on from there.
func (j *journal) cutTo(size int64) error {
	if err := j.file.Truncate(size); err != nil {
		return fmt.Errorf("cut the journal: %w", err)
	}
	if _, err := j.file.Seek(size, io.SeekStart); err != nil {
		return fmt.Errorf("cut the journal: %w", err)
	}
	return nil
}

// append writes one commit. After a write that went wrong and cannot be taken
// back, every later one is refused.
func (j *journal) append(account string, changes []change) error {
	line, err := json.Marshal(journalLine{Account: account, Changes: changes})
	if err != nil {
		return fmt.Errorf("encode a change: %w", err)
	}
	line = append(line, '\n')
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	if _, err := j.file.Write(line); err != nil {
		err = fmt.Errorf("write the journal: %w", err)
		if cut := j.cutTo(j.size); cut != nil {
			j.broken = errors.Join(err, cut)
		}
		return err
	}
	j.size += int64(len(line))
	return nil
}

// compact replaces the file by one that holds just what the worlds hold now.
func (j *journal) compact(root *os.Root, worlds []*world) error {
	var text bytes.Buffer
	text.Write(headerLine())
	encoder := json.NewEncoder(&text)
	for _, w := range worlds {
		for _, one := range w.contents() {
			if err := encoder.Encode(journalLine{Account: w.account.SID, Changes: []change{one}}); err != nil {
				return fmt.Errorf("encode the world: %w", err)
			}
		}
	}
	const fresh = journalFile + ".new"
	if err := root.WriteFile(fresh, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the journal anew: %w", err)
	}
	// Windows replaces no file that is open.
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	if err := root.Rename(fresh, journalFile); err != nil {
		return fmt.Errorf("write the journal anew: %w", err)
	}
	file, err := root.OpenFile(journalFile, os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	j.file, j.size = file, int64(text.Len())
	return nil
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.broken, errClosed) {
		return nil
	}
	j.broken = errClosed
	err := j.file.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil // a compaction that went wrong has closed it
	}
	return errors.Join(err, j.lock.Close())
}

var errClosed = errors.New("the sandbox is closed")

// needsCompaction says whether a journal has grown out of proportion.
func needsCompaction(lines, resources int) bool {
	return lines > compactFloor && lines > compactRatio*resources
}

// errInUse explains a data directory that another process holds.
func errInUse(dir string) error {
	return fmt.Errorf("the data directory %s is in use by another sandbox; end that one, or choose another directory", dir)
}
