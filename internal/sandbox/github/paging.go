package github

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// page cuts out the rows that page and per_page ask for. It returns the Link
// header that leads to the other pages, or none when there are none. Which
// links there are past the last page, and that all else is repeated as it was
// sent, is as measured in brekkylab/backlot issue 126 and pull request 131.
func page[T any](c *call, rows []T) ([]T, map[string]string, error) {
	number, asked, err := c.pageNumbers()
	if err != nil {
		return nil, nil, err
	}
	size := min(asked, largestPageSize)
	if most := c.sandbox.options.PageSize; most > 0 {
		size = min(size, most)
	}
	sent := slices.DeleteFunc(strings.Split(c.request.URL.RawQuery, "&"), func(one string) bool {
		return one == "" || strings.HasPrefix(one, "page=")
	})
	leadsTo := c.base + c.pathByNumber() + "?" + strings.Join(append(sent, "page="), "&")
	last := max(1, (len(rows)+size-1)/size)
	from := min((number-1)*size, len(rows))
	to := min(from+size, len(rows))

	var links []string
	link := func(rel string, number int) {
		links = append(links, "<"+leadsTo+strconv.Itoa(number)+">; rel=\""+rel+"\"")
	}
	if number > 1 {
		link("prev", min(number-1, last))
	}
	if number < last {
		link("next", number+1)
	}
	if number != last {
		link("last", last)
	}
	if number > 1 {
		link("first", 1)
	}
	if len(links) == 0 {
		return rows[from:to], nil, nil
	}
	return rows[from:to], map[string]string{"Link": strings.Join(links, ", ")}, nil
}

// listing answers with a page of the bodies.
func listing[T any](c *call, bodies []T) (reply, error) {
	shown, header, err := page(c, bodies)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, header: header, body: append([]T{}, shown...)}, nil // never null
}

// pathByNumber is the call's path with the repository's number in place of its
// names, as GitHub's links have it:
// docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api.
func (c *call) pathByNumber() string {
	if c.params["repository_id"] != "" {
		return c.path
	}
	rest := strings.SplitN(c.path, "/", 5)[4] // "", "repos", owner, repo
	return "/repositories/" + strconv.FormatInt(c.repository().id, 10) + "/" + rest
}

// pageNumbers reads page and per_page. GitHub takes its defaults for what is no
// number, which hides a mistake; the Sandbox says so.
func (c *call) pageNumbers() (number, size int, err error) {
	query := c.request.URL.Query()
	var wrong []string
	read := func(name string, otherwise int) int {
		if !query.Has(name) {
			return otherwise
		}
		value, err := strconv.Atoi(query.Get(name))
		if err != nil || value < 1 || value > 1_000_000 {
			wrong = append(wrong, "For '"+name+"', "+strconv.Quote(query.Get(name))+" is not a number from 1.")
			return otherwise
		}
		return value
	}
	number, size = read("page", 1), read("per_page", defaultPageSize)
	return number, size, invalidRequest(wrong)
}
