package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// call is what the arguments ask for.
type call struct {
	verb        string
	tenant      profile.TenantID
	id          string // of rotate and revoke
	data, table string
	json        bool

	name, scopes, reads string // of create
	expires             time.Duration
	grace               time.Duration // of rotate
}

// parse reads the arguments, and finds what is wrong with them before anything
// is opened.
func parse(args []string) (*call, error) {
	c := &call{}
	if len(args) > 0 {
		c.verb = args[0]
	}
	if c.verb == "-h" || c.verb == "-help" || c.verb == "--help" || c.verb == "help" {
		c.verb = ""
		c.flags().Usage()
		return nil, flag.ErrHelp
	}
	if !slices.Contains([]string{"create", "list", "rotate", "revoke"}, c.verb) {
		return nil, errors.New("say create, list, rotate or revoke first; -h tells more")
	}
	flags := c.flags()
	if err := flags.Parse(args[1:]); err != nil {
		return nil, err
	}
	rest := flags.Args()
	if len(rest) == 0 {
		return nil, fmt.Errorf("%s: name the tenant", c.verb)
	}
	c.tenant = profile.TenantID(rest[0])
	if err := c.tenant.Validate(); err != nil {
		return nil, err
	}
	rest = rest[1:]
	if c.verb == "rotate" || c.verb == "revoke" {
		if len(rest) == 0 {
			return nil, fmt.Errorf("%s: name the token by its id, which list shows", c.verb)
		}
		c.id, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%s: unexpected argument %q; flags come before the tenant", c.verb, rest[0])
	}
	if c.expires < 0 || c.grace < 0 {
		return nil, fmt.Errorf("%s: a time is negative", c.verb)
	}
	return c, nil
}

func (c *call) run(ctx context.Context, admin token.Admin, out io.Writer) error {
	switch c.verb {
	case "list":
		all, err := admin.List(ctx, c.tenant)
		if err != nil {
			return err
		}
		if c.json {
			return writeJSON(out, all)
		}
		return list(out, all, admin.Now())
	case "create":
		t, text, err := admin.Create(ctx, c.spec(admin.Now()))
		if err != nil {
			return err
		}
		return c.issued(out, t, text, "")
	case "rotate":
		t, text, err := admin.Rotate(ctx, c.tenant, c.id, c.grace)
		if err != nil {
			return err
		}
		return c.issued(out, t, text, fmt.Sprintf("The secret before is valid for %s more.\n", c.grace))
	}
	t, err := admin.Revoke(ctx, c.tenant, c.id)
	if err != nil {
		return err
	}
	if c.json {
		return writeJSON(out, t)
	}
	_, err = fmt.Fprintf(out, "Token %s of tenant %s is revoked; it ends within a minute.\n", t.ID, t.Tenant)
	return err
}

func (c *call) spec(now time.Time) token.Spec {
	s := token.Spec{Tenant: c.tenant, Name: c.name}
	for _, scope := range split(c.scopes) {
		s.Scopes = append(s.Scopes, token.Scope(scope))
	}
	for _, tenant := range split(c.reads) {
		s.Reads = append(s.Reads, profile.TenantID(tenant))
	}
	if c.expires > 0 {
		s.Expires = now.Add(c.expires).UTC().Truncate(time.Second)
	}
	return s
}

func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// issued prints a token with its secret. It is the only place that does.
func (c *call) issued(out io.Writer, t token.Token, text token.Text, also string) error {
	if c.json {
		return writeJSON(out, struct {
			token.Token
			Secret string `json:"token"`
		}{t, text.Reveal()})
	}
	_, err := fmt.Fprintf(out, `%s

This is shown once. Clients send it as the password of the user %s, or as a
Bearer token. Its id, by which to rotate and revoke it, is %s.
%s`, text.Reveal(), t.Tenant, t.ID, also)
	return err
}

func list(out io.Writer, all []token.Token, now time.Time) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tSCOPES\tREADS\tCREATED\tSTATE") // errors come with Flush
	for _, t := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, join(t.Scopes), join(t.Reads), t.Created.Format(time.DateOnly), state(t, now))
	}
	return table.Flush()
}

func state(t token.Token, now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked " + t.Revoked.Format(time.RFC3339)
	case t.Expires.IsZero():
		return "valid"
	case now.Before(t.Expires):
		return "valid until " + t.Expires.Format(time.RFC3339)
	}
	return "expired " + t.Expires.Format(time.RFC3339)
}

func join[T ~string](all []T) string {
	parts := make([]string, 0, len(all))
	for _, s := range all {
		parts = append(parts, string(s))
	}
	return strings.Join(parts, ",")
}

func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
