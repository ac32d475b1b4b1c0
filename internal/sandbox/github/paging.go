package github

import (
	"strconv"
	"strings"
)

// page cuts out the rows that page and per_page ask for. It returns the Link
// header that leads to the other pages, or none when there are none.
func page[T any](c *call, rows []T) ([]T, map[string]string, error) {
	number, asked, err := c.pageNumbers()
	if err != nil {
		return nil, nil, err
	}
	size := min(asked, largestPageSize)
	if most := c.sandbox.options.PageSize; most > 0 {
		size = min(size, most)
	}
	last := max(1, (len(rows)+size-1)/size)
	from := min((number-1)*size, len(rows))
	to := min(from+size, len(rows))

	var links []string
	link := func(rel string, number int) {
		links = append(links, "<"+c.base+c.path+"?per_page="+strconv.Itoa(asked)+"&page="+strconv.Itoa(number)+">; rel=\""+rel+"\"")
	}
	if number > 1 {
		link("prev", min(number-1, last))
	}
	if number < last {
		link("next", number+1)
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
