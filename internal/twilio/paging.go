package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/retry"
)

const (
	// wholeListing is the page size of a listing that is read to its end; the
	// API allows up to 1,000 (Twilio's OpenAPI file).
	wholeListing = 1000
	// fullBuilds is the page size of Builds: each holds all its Versions, some
	// 350 bytes a file, and a page must stay well below maxReply.
	fullBuilds = 20
	// newestOnly is the page size where only the newest are looked at.
	newestOnly = 20
	// maxPages bounds a listing that never ends.
	maxPages = 10_000
)

var errNoPage = errors.New("not a page of a listing")

// page is the envelope of every listing. The resources stand under a key that
// the meta part names.
type page[T resource] struct {
	items []T
	next  string
}

func (p *page[T]) UnmarshalJSON(body []byte) error {
	var envelope struct {
		Meta struct {
			Key         string  `json:"key"`
			NextPageURL *string `json:"next_page_url"`
		} `json:"meta"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return err //nolint:wrapcheck // wrapped by send, with the operation.
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err //nolint:wrapcheck // as above.
	}
	list, ok := fields[envelope.Meta.Key]
	if envelope.Meta.Key == "" || !ok {
		return errNoPage
	}
	if err := json.Unmarshal(list, &p.items); err != nil {
		return err //nolint:wrapcheck // as above.
	}
	if envelope.Meta.NextPageURL != nil {
		p.next = *envelope.Meta.NextPageURL
	}
	return nil
}

func (p page[T]) check() error {
	for i, item := range p.items {
		if err := item.check(); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	return nil
}

// list reads a listing page by page, as its reader asks for more. A page that
// fails ends it with that error: half a listing is never passed for a whole.
// query may be nil; it may filter, and set another PageSize.
func list[T resource](ctx context.Context, c *Client, op string, query url.Values, path ...string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		r := c.request(op, http.MethodGet, nil, path...)
		sized := pageSize(wholeListing)
		maps.Copy(sized, query)
		r.query = sized.Encode()
		err := eachPage(c, r, func(r request) (next string, err error) {
			read, err := repeat[page[T]](ctx, c, r)
			if err != nil {
				return "", err
			}
			for _, item := range read.items {
				if !yield(item, nil) {
					return "", nil
				}
			}
			return read.next, nil
		})
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// eachPage calls read for one page of a listing after the other, until it gives no
// next one.
func eachPage(c *Client, r request, read func(request) (next string, err error)) error {
	seen := make(map[string]bool)
	for range maxPages {
		at := r.path + "?" + r.query
		if seen[at] {
			return fmt.Errorf("%s: a page leads back to one that was read already", r.op)
		}
		seen[at] = true
		next, err := read(r)
		if err != nil || next == "" {
			return err
		}
		if r, err = c.nextPage(r, next); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: the listing has more than %d pages", r.op, maxPages)
}

// walk reads a listing to its end and calls each for one resource after the other,
// which are dropped as they come, because a page of large Builds would fill the
// memory. Behind a page that failed halfway, each is called again for what it was
// called for.
func walk[T resource](ctx context.Context, c *Client, op string, query url.Values, each func(T), path ...string) error {
	r := c.request(op, http.MethodGet, nil, path...)
	r.query = query.Encode()
	return eachPage(c, r, func(r request) (next string, err error) {
		err = retry.Do(ctx, c.policy(ctx, op), func(ctx context.Context) error {
			next, err = stream(ctx, c, r, each)
			return err
		})
		return next, err
	})
}

// stream is a single attempt to read a page as walk does; the error says whether
// another is worth it.
func stream[T resource](ctx context.Context, c *Client, r request, each func(T)) (next string, err error) {
	err = c.send(ctx, r, maxStream, func(body io.Reader) (err error) {
		next, err = readItems(body, each)
		return err
	})
	if verdict := judge(err); verdict.untouched || verdict.passing {
		return "", retry.Transient(err, verdict.after)
	}
	return next, err
}

// newest reads the first page of a listing whose newest come first, and returns
// those that keep reports true for. The others are dropped as they come, because a
// page of large Builds would fill the memory.
func newest[T resource](ctx context.Context, c *Client, op string, keep func(T) bool, path ...string) ([]T, error) {
	r := c.request(op, http.MethodGet, nil, path...)
	r.query = pageSize(newestOnly).Encode()
	var kept []T
	err := retry.Do(ctx, c.policy(ctx, op), func(ctx context.Context) error {
		kept = nil
		_, err := stream(ctx, c, r, func(item T) {
			if keep(item) {
				kept = append(kept, item)
			}
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

// readItems reads a page to its end, calls each for one resource after the other,
// and returns where the next page is, if there is one.
func readItems[T resource](body io.Reader, each func(T)) (next string, err error) {
	decoder := json.NewDecoder(body)
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return "", errors.Join(errNoPage, err)
	}
	var meta struct {
		Key         string `json:"key"`
		NextPageURL string `json:"next_page_url"` // or null
	}
	list := ""
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return "", err //nolint:wrapcheck // wrapped by send, with the operation.
		}
		name, _ := token.(string)
		switch {
		case name == "meta":
			err = decoder.Decode(&meta)
		case list == "":
			var isList bool
			if isList, err = readList(decoder, each); isList {
				list = name
			}
		default:
			err = decoder.Decode(new(json.RawMessage))
		}
		if err != nil {
			return "", err //nolint:wrapcheck // as above.
		}
	}
	if _, err := decoder.Token(); err != nil { // the closing brace
		return "", err //nolint:wrapcheck // as above.
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", errors.Join(errNoPage, err)
	}
	if meta.Key == "" || meta.Key != list {
		return "", errNoPage
	}
	return meta.NextPageURL, nil
}

// readList reads the next value, and calls each for its items if it is a list.
func readList[T resource](decoder *json.Decoder, each func(T)) (isList bool, err error) {
	token, err := decoder.Token()
	if err != nil {
		return false, err //nolint:wrapcheck // wrapped by send, with the operation.
	}
	if token != json.Delim('[') {
		return false, skip(decoder, token)
	}
	for i := 0; decoder.More(); i++ {
		var item T
		if err := decoder.Decode(&item); err != nil {
			return true, err //nolint:wrapcheck // as above.
		}
		if err := item.check(); err != nil {
			return true, fmt.Errorf("item %d: %w", i, err)
		}
		each(item)
	}
	_, err = decoder.Token()
	return true, err //nolint:wrapcheck // as above.
}

// skip reads the rest of a value that begins with token.
func skip(decoder *json.Decoder, token json.Token) error {
	for depth := 0; ; {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = decoder.Token(); err != nil {
			return err //nolint:wrapcheck // wrapped by send, with the operation.
		}
	}
}

func pageSize(size int) url.Values { return url.Values{"PageSize": {strconv.Itoa(size)}} }

// nextPage follows a next_page_url, which is absolute. One of another origin is
// refused: the credentials would go there.
func (c *Client) nextPage(r request, next string) (request, error) {
	address, err := url.Parse(next)
	if err != nil || origin(address) != origin(r.base) {
		return r, &ForeignPageError{Op: r.op, Base: r.base.Scheme + "://" + r.base.Host, Page: oneLine(withoutQuery(address, next), 200)}
	}
	r.path, r.query = address.EscapedPath(), address.RawQuery
	return r, nil
}

// origin is scheme, host and port, the same text for the same origin.
func origin(address *url.URL) string {
	scheme, port := strings.ToLower(address.Scheme), address.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(address.Hostname()), port)
}

func withoutQuery(address *url.URL, text string) string {
	if address == nil {
		return text
	}
	return address.Scheme + "://" + address.Host + address.Path
}

// ForeignPageError says that a listing's next page lies on another host than
// the API, to which no credentials are sent.
type ForeignPageError struct {
	// Op is the operation, such as "list services".
	Op string
	// Base is the origin of the API in use, Page the address that was given.
	Base, Page string
}

// Error names both addresses.
func (e *ForeignPageError) Error() string {
	return fmt.Sprintf("%s: the next page is said to be at %s, but the API in use is %s; credentials are sent nowhere else", e.Op, e.Page, e.Base)
}

// first returns the first item of a listing that matches, reading no further.
func first[T resource](items iter.Seq2[T, error], matches func(T) bool) (found T, ok bool, err error) {
	for item, err := range items {
		if err != nil {
			return found, false, err
		}
		if matches(item) {
			return item, true, nil
		}
	}
	return found, false, nil
}
