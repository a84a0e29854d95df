package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// call is what the arguments ask for.
type call struct {
	verb   string
	tenant profile.TenantID
	names  []string         // of get and unset
	values limits.Overrides // of set
}

// parse reads the arguments after the flags, and finds what is wrong with them
// before anything is opened.
func parse(args []string) (call, error) {
	if len(args) == 0 || !slices.Contains([]string{"list", "get", "set", "unset"}, args[0]) {
		return call{}, errors.New("say list, get, set or unset; -h tells more")
	}
	c := call{verb: args[0]}
	if len(args) < 2 {
		return call{}, fmt.Errorf("%s whose limits? name the tenant (%q without multitenancy)", c.verb, profile.AnonymousTenant)
	}
	c.tenant = profile.TenantID(args[1])
	if err := c.tenant.Validate(); err != nil {
		return call{}, err
	}
	rest := args[2:]
	switch {
	case c.verb == "list" && len(rest) > 0:
		return call{}, fmt.Errorf("list takes a tenant and nothing else, not %q", rest[0])
	case c.verb == "get" && len(rest) != 1:
		return call{}, errors.New("get takes a tenant and one limit")
	case c.verb == "set" && len(rest) == 0:
		return call{}, errors.New("set what? add LIMIT=VALUE, for example max_labels=50")
	case c.verb == "unset" && len(rest) == 0:
		return call{}, errors.New("unset what? add the names of limits")
	}
	if c.verb != "set" {
		c.names = rest
		return c, nil
	}
	c.values = make(limits.Overrides)
	for _, arg := range rest {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return call{}, fmt.Errorf("%q is not of the form LIMIT=VALUE", arg)
		}
		if file, isFile := strings.CutPrefix(value, "@"); isFile {
			text, err := os.ReadFile(file)
			if err != nil {
				return call{}, fmt.Errorf("read the value of %s: %w", name, err)
			}
			value = string(text)
		}
		c.values[name] = value
	}
	return c, nil
}

func (c call) run(ctx context.Context, store records.Store, out io.Writer) error {
	admin := limits.Admin{Store: store}
	switch c.verb {
	case "set":
		return admin.Set(ctx, c.tenant, c.values)
	case "unset":
		return c.unset(ctx, admin)
	}
	o, err := admin.Get(ctx, c.tenant)
	if err != nil {
		return err
	}
	if c.verb == "list" {
		return list(out, o)
	}
	s, err := limits.Find(c.names[0])
	if err != nil {
		return err
	}
	value, ok := o[s.Name]
	if !ok {
		value = defaultOf(s)
	}
	_, err = fmt.Fprintln(out, value)
	return err
}

// unset refuses names that mean nothing. Those that are set may be of another
// version of the program.
func (c call) unset(ctx context.Context, admin limits.Admin) error {
	o, err := admin.Get(ctx, c.tenant)
	if err != nil {
		return err
	}
	for _, name := range c.names {
		if _, set := o[name]; set {
			continue
		}
		if _, err := limits.Find(name); err != nil {
			return err
		}
	}
	return admin.Unset(ctx, c.tenant, c.names...)
}

// defaultOf is the default as far as it can be known here: the functions may
// have been deployed with another one.
func defaultOf(s limits.Setting) string {
	if v := strings.TrimSpace(os.Getenv(s.Variable.Name)); v != "" {
		return v
	}
	return s.Variable.Default
}

func list(out io.Writer, o limits.Overrides) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LIMIT\tSET\tDEFAULT\tALLOWED\tMEANING") // errors come with Flush
	for _, s := range limits.Settings() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.Name, o[s.Name], defaultOf(s), s.Variable.Allowed(), s.Variable.Meaning)
		delete(o, s.Name)
	}
	for name, value := range o {
		fmt.Fprintf(table, "%s\t%s\t\t\tnot known to this version\n", name, value)
	}
	return table.Flush()
}
