package twilio

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageMeta is the envelope of lists.
type pageMeta struct {
	FirstPageURL    string  `json:"first_page_url"`
	Key             string  `json:"key"`
	NextPageURL     *string `json:"next_page_url"`
	Page            int     `json:"page"`
	PageSize        int     `json:"page_size"`
	PreviousPageURL *string `json:"previous_page_url"`
	URL             string  `json:"url"`
}

// cursor is what a page token holds: the place of the row it goes on from, not
// a count of rows, so that pages stay true while rows come and go.
type cursor struct {
	list   string // path of the list it belongs to
	at     uint64
	isBack bool
}

// tokenPrefix is how real page tokens begin (twilio-labs/dev-phone issue 220).
const tokenPrefix = "PT"

func (c cursor) token() string {
	text := strconv.FormatUint(c.at, 10) + " " + strconv.FormatBool(c.isBack) + " " + c.list
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(text))
}

func parseCursor(token, list string) (cursor, error) {
	encoded, isToken := strings.CutPrefix(token, tokenPrefix)
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	parts := strings.SplitN(string(text), " ", 3)
	if !isToken || err != nil || len(parts) != 3 || parts[2] != list {
		return cursor{}, badRequest("PageToken is not one of this list")
	}
	at, notNumber := strconv.ParseUint(parts[0], 10, 64)
	isBack, notBool := strconv.ParseBool(parts[1])
	if notNumber != nil || notBool != nil {
		return cursor{}, badRequest("PageToken is not one of this list")
	}
	return cursor{list, at, isBack}, nil
}

// newestFirst is the order of most lists.
func newestFirst[T row](one T) uint64 { return one.head().Seq }

// unlessShuffled is newest first, or no useful order.
func unlessShuffled[T row](isShuffled bool) func(T) uint64 {
	if isShuffled {
		return byChance[T]
	}
	return newestFirst[T]
}

// byChance orders by the random half of the SID.
func byChance[T row](one T) uint64 {
	random, err := hex.DecodeString(one.head().SID[2:])
	if err != nil || len(random) < 8 {
		return one.head().Seq
	}
	return binary.BigEndian.Uint64(random)
}

// page answers one page of rows, those with the highest place first.
func page[T row](c *call, key string, rows []T, place func(T) uint64, render func(T) any) (reply, error) {
	query := c.request.URL.Query()
	number, size, err := c.pageNumbers(query)
	if err != nil {
		return reply{}, err
	}
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b T) int { return cmp.Compare(place(b), place(a)) })
	from := 0
	if token := query.Get("PageToken"); token != "" {
		at, err := parseCursor(token, c.request.URL.Path)
		if err != nil {
			return reply{}, err
		}
		from = start(sorted, place, at, size)
	}
	to := min(from+size, len(sorted))

	list, path := c.base+c.request.URL.EscapedPath(), c.request.URL.Path
	var filters strings.Builder
	for _, name := range c.op.filters {
		if query.Has(name) {
			filters.WriteString(name + "=" + url.QueryEscape(query.Get(name)) + "&")
		}
	}
	link := func(number int) string {
		return list + "?" + filters.String() + "PageSize=" + strconv.Itoa(size) + "&Page=" + strconv.Itoa(number)
	}
	meta := pageMeta{Key: key, Page: number, PageSize: size, FirstPageURL: link(0), URL: link(number)}
	if token := query.Get("PageToken"); token != "" {
		meta.URL += "&PageToken=" + token
	}
	if from < to && to < len(sorted) {
		next := cursor{list: path, at: place(sorted[to-1])}
		meta.NextPageURL = orNull(link(number+1) + "&PageToken=" + next.token())
	}
	if from > 0 && from < to && number > 0 {
		previous := cursor{list: path, at: place(sorted[from]), isBack: true}
		meta.PreviousPageURL = orNull(link(number-1) + "&PageToken=" + previous.token())
	}
	bodies := make([]any, 0, to-from)
	for _, one := range sorted[from:to] {
		bodies = append(bodies, render(one))
	}
	return reply{status: http.StatusOK, body: map[string]any{key: bodies, "meta": meta}}, nil
}

// start finds where the page after, or before, a cursor begins.
func start[T row](sorted []T, place func(T) uint64, at cursor, size int) int {
	if at.isBack {
		end := slices.IndexFunc(sorted, func(one T) bool { return place(one) <= at.at })
		if end < 0 {
			end = len(sorted)
		}
		return max(0, end-size)
	}
	from := slices.IndexFunc(sorted, func(one T) bool { return place(one) < at.at })
	if from < 0 {
		from = len(sorted)
	}
	return from
}

// pageNumbers reads Page, which the API only echoes, and PageSize.
func (c *call) pageNumbers(query url.Values) (number, size int, err error) {
	options := c.sandbox.options
	size = defaultPageSize
	if query.Has("PageSize") {
		if size, err = strconv.Atoi(query.Get("PageSize")); err != nil || size < 1 {
			return 0, 0, badRequest("PageSize is %q; it is a number from 1 to %d", query.Get("PageSize"), largestPageSize)
		}
	}
	if size > largestPageSize && options.Switches.LargePagesRefused {
		return 0, 0, badRequest("PageSize is %d; the most is %d", size, largestPageSize)
	}
	size = min(size, largestPageSize)
	if options.PageSize > 0 {
		size = min(size, options.PageSize)
	}
	if query.Has("Page") {
		if number, err = strconv.Atoi(query.Get("Page")); err != nil || number < 0 {
			return 0, 0, badRequest("Page is %q; it is a number from 0", query.Get("Page"))
		}
	}
	return number, size, nil
}
