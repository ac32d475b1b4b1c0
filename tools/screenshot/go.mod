// What takes pictures of GitHub-flavoured Markdown, in a module of its own: it brings
// a renderer and a browser's client along, which nothing else should depend on.
module github.com/slipway-dev/slipway/tools/screenshot

go 1.26.0

require github.com/yuin/goldmark v1.8.7
