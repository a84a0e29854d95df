// Package terminal tells what the standard streams are written to: how wide it
// is, and whether it shows colours.
package terminal

import (
	"os"

	"golang.org/x/term"
)

// Screen is what a stream is written to. The zero Screen is a file or a pipe.
type Screen struct {
	Terminal bool
	Width    int // characters of a line; 0 if it is not known
	Colour   bool
}

// Of looks at a stream. NO_COLOR of the environment turns colours off
// (https://no-color.org), and so does a terminal that is called dumb.
func Of(file *os.File, lookup func(string) (string, bool)) Screen {
	fd := int(file.Fd())
	if !term.IsTerminal(fd) {
		return Screen{}
	}
	s := Screen{Terminal: true}
	if width, _, err := term.GetSize(fd); err == nil {
		s.Width = width
	}
	off, _ := lookup("NO_COLOR")
	kind, _ := lookup("TERM")
	s.Colour = off == "" && kind != "dumb"
	return s
}

// Style is a colour of text, as the number of the control sequence.
type Style string

// Styles.
const (
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
)

// Paint gives text a style, if the screen shows it.
func (s Screen) Paint(style Style, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}
