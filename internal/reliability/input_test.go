package reliability_test

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/problem"
)

const (
	// costPerByte bounds what a reader may allocate in all, in bytes for each byte of
	// an input, and costAtMost what it may take beside that.
	costPerByte = 700
	costAtMost  = 32 << 20
	// heldAtMost bounds what a reader may hold at once, of a file as large as may be,
	// in bytes.
	heldAtMost = 1 << 30
	// longestRead is a time in which even a busy machine reads a megabyte, and in which
	// what takes the square of its size does not end. A file of 32 MB takes minutes on
	// one at most.
	longestRead, longestWhole = 20 * time.Second, 3 * time.Minute
	// mostTold bounds what is told of one input, in bytes.
	mostTold = 64 << 10
)

// input is a text for a reader, and what has to come of it beside what always has.
type input struct {
	name string
	make func() string
	// isAtLimit says that it is as large as may be; isPlain that it is none to refuse,
	// and isTooLarge that it is refused for its size.
	isAtLimit, isPlain, isTooLarge bool
}

// inputsOf are the cells of a reader, with texts of about size bytes, and values of a
// quarter of it, of which there are many more.
func inputsOf(of reader, size int) []input {
	var inputs []input
	add := func(name string, size int, isAtLimit bool) {
		for _, one := range nastyTexts() {
			if name == "" || name == one.name {
				inputs = append(inputs, input{name: one.name, make: func() string { return one.make(size) }, isAtLimit: isAtLimit})
			}
		}
		for i, frame := range of.frames {
			room := size/(1+strings.Count(frame, "%[1]s")) - len(frame)
			if !isAtLimit {
				room /= 4
			}
			for _, one := range nastyValues() {
				if name == "" || name == one.name && i == 0 {
					inputs = append(inputs, input{
						name: fmt.Sprintf("%s in frame %d", one.name, i), isAtLimit: isAtLimit,
						make: func() string { return fmt.Sprintf(frame, one.make(room)) },
					})
				}
			}
		}
	}
	add("", size, false)
	if of.limit == 0 {
		return inputs
	}
	if size >= 1<<20 || of.limit < 1<<20 {
		for _, dear := range []string{"quotes", "one name again and again"} {
			add(dear, of.limit-100, true)
		}
	}
	padded := func(size int) func() string {
		return func() string { return of.plain + strings.Repeat(" ", size-len(of.plain)) }
	}
	return append(inputs,
		input{name: "a plain one", make: func() string { return of.plain }, isPlain: true},
		input{name: "a plain one, as large as may be", make: padded(of.limit), isPlain: true, isAtLimit: true},
		input{name: "a plain one, and a byte too much", make: padded(of.limit + 1), isTooLarge: true, isAtLimit: true})
}

// tally is what the matrix prints.
type tally struct {
	cells, refused, exceptions int
	// dearest is the most that was allocated for each byte, and in which cell; held is
	// the most that was held at once, in bytes.
	dearest   float64
	dearestIn string
	held      uint64
}

// TestInputMatrix has each reader of what others write read each nasty text, as it is
// and in each place where a value counts. It may be refused, and nothing else: no
// panic, no memory or time that is out of proportion, no flood of words, and words
// that say where and what it is, and what to do.
func TestInputMatrix(t *testing.T) { //nolint:paralleltest // it measures memory.
	size := 1 << 20
	switch {
	case isRaced:
		size = 16 << 10
	case testing.Short():
		size = 100 << 10
	}
	var sum tally
	for _, reader := range readers(t) { //nolint:paralleltest // as above.
		size := size
		if reader.limit > 0 {
			size = min(size, reader.limit-100)
		}
		for _, one := range inputsOf(reader, size) {
			sum.cells++
			t.Run(reader.name+"/"+one.name, func(t *testing.T) {
				sum.check(t, reader, one)
				if t.Failed() {
					sum.exceptions++
				}
			})
		}
	}
	t.Logf("%d cells, %d refused, %d exceptions; at most %.0f bytes of memory for each byte (%s), and %d MB at once",
		sum.cells, sum.refused, sum.exceptions, sum.dearest, sum.dearestIn, sum.held>>20)
}

// check has one cell be as it must.
func (s *tally) check(t *testing.T, from reader, one input) {
	t.Helper()
	text := one.make()
	held := func() uint64 { return 0 }
	if one.isAtLimit {
		runtime.GC()
		held = watchHeap()
	} else { // what is allocated counts, and collecting it takes most of the time
		defer debug.SetGCPercent(debug.SetGCPercent(1000))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	warnings, err := from.read(text)
	took := time.Since(started)
	most := held()
	runtime.ReadMemStats(&after)

	cost := after.TotalAlloc - before.TotalAlloc
	if share := float64(cost) / float64(len(text)+1<<16); share > s.dearest {
		s.dearest, s.dearestIn = share, t.Name()
	}
	if most > before.HeapAlloc {
		s.held = max(s.held, most-before.HeapAlloc)
	}
	if bound := uint64(costAtMost + costPerByte*len(text)); cost > bound && !isRaced {
		t.Errorf("it took %d bytes for %d, more than %d", cost, len(text), bound)
	}
	if most > before.HeapAlloc+heldAtMost {
		t.Errorf("%d MB were held at once", (most-before.HeapAlloc)>>20)
	}
	if took > longestWhole || took > longestRead && !one.isAtLimit {
		t.Errorf("it took %s", took)
	}
	if err != nil {
		s.refused++
	}
	switch {
	case one.isPlain && (err != nil || len(warnings) > 0):
		t.Errorf("it is refused: %.300s", fmt.Sprint(err, warnings))
	case one.isTooLarge && !isToldAsTooLarge(fmt.Sprint(err, warnings)):
		t.Errorf("it has more than %d bytes and is not refused for that: %.300s", from.limit, fmt.Sprint(err, warnings))
	}
	checkTold(t, from, warnings, err)
}

func isToldAsTooLarge(told string) bool {
	return strings.Contains(told, "larger than") || strings.Contains(told, "has more than")
}

// watchHeap looks at the heap all the time, until what it returns is called, which
// returns the most that was in it, in bytes.
func watchHeap() (most func() uint64) {
	stop, highest := make(chan struct{}), make(chan uint64)
	go func() {
		var found uint64
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for {
			metrics.Read(sample)
			found = max(found, sample[0].Value.Uint64())
			select {
			case <-stop:
				highest <- found
				return
			case <-look.C:
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-highest
	}
}

// checkTold holds what is told of an input: where, what and what to do, in lines that
// drive no terminal, and not too many.
func checkTold(t *testing.T, from reader, warnings problem.List, err error) {
	t.Helper()
	told := warnings.Error()
	if err != nil {
		told += "\n" + err.Error()
	}
	if len(told) > mostTold {
		t.Errorf("it is told in %d bytes, more than %d: %.300s", len(told), mostTold, told)
	}
	for line := range strings.Lines(told) {
		if line = strings.TrimSuffix(line, "\n"); !utf8.ValidString(line) || strings.ContainsFunc(line, isUnprintable) {
			t.Errorf("a line is not printable: %.300q", line)
		}
	}
	list, _ := errors.AsType[problem.List](err)
	if one, ok := errors.AsType[*problem.Problem](err); ok && list == nil {
		list = problem.List{one}
	}
	if err != nil && from.isFile && list == nil {
		t.Errorf("the error is no Problem: %v", err)
	}
	for i, one := range append(list, warnings...) {
		isLast := strings.HasPrefix(one.Message, "there are more")
		isPlain := strings.Contains(one.Message, "must be ") || strings.Contains(one.Message, "can have ") // which says what to do
		if one.Message == "" || one.Fix == "" && !isPlain && i < len(list) || one.File == "" && from.isFile && !isLast {
			t.Errorf("it does not say where, what and what to do: %+v", *one)
		}
	}
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) }
