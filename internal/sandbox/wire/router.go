package wire

import (
	"net/url"
	"slices"
	"strings"
)

// Router finds the operation of a request. The zero value has none. Once all
// are added it is safe for concurrent use.
type Router[Operation any] struct {
	routes []route[Operation]
}

// route is an operation with its pattern cut into segments.
type route[Operation any] struct {
	method    string
	segments  []string
	operation Operation
}

// Add adds an operation. In its pattern {name} stands for one segment, and
// {name...} at its end for one and more, none of which is empty. Of two that fit
// the same request the first counts.
func (r *Router[Operation]) Add(method, pattern string, operation Operation) {
	r.routes = append(r.routes, route[Operation]{method, strings.Split(pattern, "/"), operation})
}

// Find finds the operation for a method and a path, which is as the client
// escaped it: a slash inside a segment is %2F, and a path with a slash at its
// end is another path. The parameters are unescaped. Without an operation found
// is nil, and methods are those that the path has; none means that no such path
// is known.
func (r *Router[Operation]) Find(method, escapedPath string) (found *Operation, params map[string]string, methods []string) {
	segments := strings.Split(escapedPath, "/")
	for i := range r.routes {
		one := &r.routes[i]
		params, fits := fit(one.segments, segments)
		if !fits {
			continue
		}
		if one.method == method {
			return &one.operation, params, nil
		}
		if !slices.Contains(methods, one.method) {
			methods = append(methods, one.method)
		}
	}
	return nil, nil, methods
}

func fit(pattern, segments []string) (map[string]string, bool) {
	last := len(pattern) - 1
	if strings.HasSuffix(pattern[last], "...}") && len(segments) > len(pattern) {
		if slices.Contains(segments[last:], "") {
			return nil, false
		}
		segments = append(slices.Clone(segments[:last]), strings.Join(segments[last:], "/"))
	}
	if len(segments) != len(pattern) {
		return nil, false
	}
	params := map[string]string{}
	for i, want := range pattern {
		if !strings.HasPrefix(want, "{") {
			if want != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		params[strings.Trim(want, "{.}")] = value
	}
	return params, true
}
