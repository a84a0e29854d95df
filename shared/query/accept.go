package query

import (
	"mime"
	"net/http"
	"strings"
)

// capabilities are what a client says in the parameters of its Accept header
// that it can take.
type capabilities struct {
	// utf8LabelNames: label names beyond letters, digits and underscores.
	utf8LabelNames bool
}

const paramUTF8LabelNames = "allow-utf8-labelnames"

// parseAccept reads the Accept headers of a request; one that cannot be read is
// invalid_argument.
func parseAccept(header http.Header) (capabilities, error) {
	var c capabilities
	for _, value := range header.Values("Accept") {
		for _, part := range splitUnquoted(value) {
			if strings.TrimSpace(part) == "" {
				continue
			}
			_, params, err := mime.ParseMediaType(part)
			if err != nil {
				return c, invalid("parse Accept header %q: %w", value, err)
			}
			if params[paramUTF8LabelNames] == "true" {
				c.utf8LabelNames = true
			}
		}
	}
	return c, nil
}

// splitUnquoted splits a header at the commas outside of quoted strings.
func splitUnquoted(s string) []string {
	var parts []string
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == '\\':
			i++
		case !quoted && s[i] == ',':
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// isLegacyName reports whether a label name is one that every client takes:
// [a-zA-Z_][a-zA-Z0-9_]*.
func isLegacyName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
