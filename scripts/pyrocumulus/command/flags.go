package command

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// arrange takes flags and arguments apart, in whatever order they come; what
// follows "--" is no flag. pending is the flag whose value the next argument
// would be.
func arrange(flags *flag.FlagSet, args []string) (given, plain []string, pending string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return given, append(plain, args[i+1:]...), ""
		}
		if len(arg) < 2 || arg[0] != '-' {
			plain = append(plain, arg)
			continue
		}
		given = append(given, arg)
		name, _, complete := strings.Cut(flagName(arg), "=")
		if complete || !takesValue(flags.Lookup(name)) {
			continue
		}
		if i++; i == len(args) {
			return given, plain, name
		}
		given = append(given, args[i])
	}
	return given, plain, ""
}

// flagName is what follows the one or two dashes.
func flagName(arg string) string {
	return strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
}

func takesValue(f *flag.Flag) bool {
	if f == nil {
		return false
	}
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return !ok || !b.IsBoolFlag()
}

// explainFlag says which flag was likely meant by one that there is not.
func explainFlag(flags *flag.FlagSet, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return err
	}
	var names []string
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	if near := nearest(name, names); near != "" {
		return fmt.Errorf("there is no flag -%s; is it -%s?", name, near)
	}
	return errors.New("there is no flag -" + name)
}

// nearest returns the one of some names that is a slip of the pen away from a
// word, or "".
func nearest(word string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := distance(word, name); d < least && 2*d <= len(word) {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or change between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
