package commandtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Shape says how an answer in JSON is otherwise than documented, which has one
// or several values that it may be like: by names and kinds of values. Names may
// be missing, lists empty.
func Shape(documented, answer string) error {
	var got any
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	var all []error
	for values := json.NewDecoder(strings.NewReader(documented)); ; {
		var want any
		err := values.Decode(&want)
		switch {
		case errors.Is(err, io.EOF):
			return errors.Join(all...)
		case err != nil:
			return fmt.Errorf("what is documented is no JSON: %w", err)
		}
		if err = like(want, got, ""); err == nil {
			return nil
		}
		all = append(all, err)
	}
}

func like(want, got any, at string) error {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is %T, want an object", at, got)
		}
		for name, value := range g {
			documented, ok := w[name]
			if !ok {
				return fmt.Errorf("%s.%s is not documented", at, name)
			}
			if err := like(documented, value, at+"."+name); err != nil {
				return err
			}
		}
		return nil
	case []any:
		g, ok := got.([]any)
		if !ok {
			return fmt.Errorf("%s is %T, want a list", at, got)
		}
		for i, value := range g {
			if len(w) == 0 { // as the children of a node
				break
			}
			if err := like(w[0], value, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	if w, g := fmt.Sprintf("%T", want), fmt.Sprintf("%T", got); w != g {
		return fmt.Errorf("%s is %s, want %s", at, g, w)
	}
	return nil
}
