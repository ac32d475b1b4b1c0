//go:build unix

package chaos_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"
)

// letter is a delivery on its way. One that is sent again, on purpose or because it was
// not taken, keeps its ID, as with GitHub.
type letter struct {
	news

	id string
	// at is the place among all at which it leaves.
	at int
	// answers are what the server has said, in the order in which it did, guarded by
	// the world's lock.
	answers []string
}

// mail says which letter leaves when: most in the order in which things happened, others
// late, twice, or under another ID.
type mail struct {
	happening *happenings
	random    *rand.Rand
	most      int
	made      int
	at        int
	waiting   []*letter
}

func newMail(happening *happenings, random *rand.Rand, most int) *mail {
	return &mail{happening: happening, random: random, most: most}
}

// next returns the letters that leave now. Those of the last call are all that is left.
func (m *mail) next(t *testing.T) (leaving []*letter, isLast bool) {
	t.Helper()
	if m.made < m.most {
		for _, one := range m.happening.next(t) {
			m.add(one)
		}
	}
	m.at++
	isLast = m.made >= m.most
	m.waiting = slices.DeleteFunc(m.waiting, func(one *letter) bool {
		leaves := isLast || one.at <= m.at
		if leaves {
			leaving = append(leaving, one)
		}
		return leaves
	})
	return leaving, isLast
}

// add sends news, and at times more than once.
func (m *mail) add(one news) {
	first := &letter{news: one, id: m.newID(), at: m.at}
	if m.random.IntN(5) == 0 {
		first.at += 1 + m.random.IntN(40)
	}
	m.send(first)
	if m.random.IntN(8) == 0 { // as when somebody has GitHub send it again
		m.send(&letter{news: one, id: first.id, at: first.at + m.random.IntN(60)})
	}
	if m.random.IntN(10) == 0 { // as no GitHub does: the signature does not cover the ID
		m.send(&letter{news: one, id: m.newID(), at: first.at + m.random.IntN(60)})
	}
}

func (m *mail) send(one *letter) {
	m.made++
	m.waiting = append(m.waiting, one)
	w := m.happening.world
	w.mu.Lock()
	defer w.mu.Unlock()
	w.letters = append(w.letters, one)
}

func (m *mail) newID() string {
	return fmt.Sprintf("%08x-%04x-11f0-%04x-%012x", m.random.Uint32(), m.random.Uint32()&0xffff, m.random.Uint32()&0xffff, m.random.Uint64()&0xffffffffffff)
}

// post sends a letter until the server has taken it: what it did not take, GitHub is
// asked to deliver again.
func (w *world) post(ctx context.Context, one *letter) {
	for ctx.Err() == nil {
		answer, isTaken := w.postOnce(ctx, one)
		w.mu.Lock()
		one.answers = append(one.answers, answer)
		if !isTaken {
			w.redeliveries++
		}
		w.mu.Unlock()
		if isTaken {
			return
		}
		w.lives.ready(ctx)
	}
}

func (w *world) postOnce(ctx context.Context, one *letter) (answer string, isTaken bool) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // as GitHub has it
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://public/webhook", bytes.NewReader(one.body))
	if err != nil {
		return err.Error(), false
	}
	signer := hmac.New(sha256.New, []byte(webhookKey))
	signer.Write(one.body)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-GitHub-Event": one.event, "X-GitHub-Delivery": one.id,
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(signer.Sum(nil)),
	} {
		request.Header.Set(name, value)
	}
	response, err := w.lives.client.Do(request)
	if err != nil {
		return err.Error(), false
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error(), false
	}
	var said struct {
		Verdict string `json:"verdict"`
	}
	if err := json.Unmarshal(text, &said); err != nil || response.StatusCode != http.StatusAccepted {
		return fmt.Sprintf("%d %s", response.StatusCode, text), false
	}
	return said.Verdict, true
}
