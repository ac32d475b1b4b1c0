package toolkit

// maxDepth is how deep values may lie in each other; the settings themselves lie
// three deep.
const maxDepth = 64

// kind is the type of a value.
type kind int

const (
	nothing kind = iota
	boolean
	number
	text
	list
	mapping
)

// String is the kind in words.
func (k kind) String() string {
	switch k {
	case nothing:
		return "nothing"
	case boolean:
		return "true or false"
	case number:
		return "a number"
	case text:
		return "text"
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	default:
		return "unknown"
	}
}

// value is a value in a file, whatever the file is written in. The zero value is
// nothing.
type value struct {
	kind kind
	// text is a text's content, and any other plain value as it is written.
	text string
	// line is where it begins.
	line int
	// isAnchor says that other places of a YAML file may refer to it.
	isAnchor bool
	// members are a mapping's, in the order of the file. A name may come twice.
	// What a list holds is checked, and not kept: no setting is a list.
	members []member
}

// member is a name in a mapping, the line it stands at, and its value.
type member struct {
	name  string
	line  int
	value value
}

// get returns the member of that name, the last one as JavaScript has it; a
// member without a line when there is none.
func (v value) get(name string) member {
	var found member
	for _, m := range v.members {
		if m.name == name {
			found = m
		}
	}
	return found
}

// isTrue reports whether JavaScript would take the value for true, as the
// Toolkit does.
func (v value) isTrue() bool {
	switch v.kind {
	case nothing:
		return false
	case boolean:
		return v.text == "true"
	case text:
		return v.text != ""
	case number, list, mapping:
		return true // a number that is 0 stands for no setting
	default:
		return false
	}
}
