package ingest

import "mime"

// The formats of /ingest. Names of the parameter format, but for formatForm and
// formatFolded, which are what is meant if none is given.
const (
	formatPprof      = "pprof" // the body is the profile
	formatForm       = "form"  // the profile is part of a form
	formatJFR        = "jfr"
	formatFolded     = "folded"
	formatLines      = "lines"
	formatTree       = "tree"
	formatTrie       = "trie"
	formatSpeedscope = "speedscope"
)

// chooseFormat tells in what format a body is, given the parameter format and
// the Content-Type; and what divides the parts of a form.
func chooseFormat(param, contentType string) (format, boundary string) {
	switch param {
	case formatPprof, formatJFR, formatLines, formatTree, formatTrie, formatSpeedscope:
		return param, ""
	}
	mediaType, typeParams, _ := mime.ParseMediaType(contentType) // bad ones are folded
	switch mediaType {
	case "binary/octet-stream+trie":
		return formatTrie, ""
	case "binary/octet-stream+tree":
		return formatTree, ""
	case "multipart/form-data":
		return formatForm, typeParams["boundary"]
	}
	return formatFolded, ""
}
