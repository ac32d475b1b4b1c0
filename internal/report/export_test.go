package report

// What turns foreign text into Markdown, for tests of single texts.
var (
	Prose = prose
	Code  = code
	Link  = link
	Clip  = clip
)
