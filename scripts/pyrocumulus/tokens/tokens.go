// Package tokens is the commands that make, list, rotate and revoke the tokens of
// tenants.
package tokens

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/recordstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

const help = `A token is what clients push and query with: they send it as the password of the user
that is called as the tenant (Basic), or as a Bearer token. The local host, which may
run meanwhile, asks for tokens if it was started with -auth token. What is revoked
ends within a minute.`

const createHelp = `The token is printed this once. Scopes: ingest to push, query to read, admin for paths
below /admin/. With -reads queries may name other tenants, too, as in "X-Scope-OrgID:
acme|globex"; anybody else's X-Scope-OrgID is ignored.`

const (
	tokenJSON  = `{"tenant": "acme", "id": "0123456789ab", "name": "grafana", "scopes": ["query"], "reads": ["globex"], "created": "2026-01-02T15:04:05Z", "expires": "2026-01-04T15:04:05Z", "revoked": "2026-01-03T15:04:05Z"}`
	issuedJSON = `{"tenant": "acme", "id": "0123456789ab", "name": "grafana", "scopes": ["query"], "reads": ["globex"], "created": "2026-01-02T15:04:05Z", "expires": "2026-01-04T15:04:05Z", "token": "pyc_acme_0123456789ab_..."}`
)

// Command manages tokens.
func Command() *command.Command {
	return &command.Command{
		Name: "tokens", Short: "create, list, rotate and revoke tokens", Long: help,
		Verbs: []*command.Command{
			{
				Name: "create", Args: "TENANT", Short: "make a token and print it", Long: createHelp,
				Examples: []string{"tokens create -scopes ingest -name 'cluster eu-1' acme", "tokens create -table NAME -expires 2160h acme"},
				JSON:     issuedJSON, New: create,
			}, {
				Name: "list", Args: "TENANT", Short: "list tokens by id, without their secrets",
				Examples: []string{"tokens list acme"}, JSON: "[" + tokenJSON + "]", New: list,
			}, {
				Name: "rotate", Args: "TENANT ID", Short: "give a token another secret",
				Long:     "For the grace time the secret before is valid as well.",
				Examples: []string{"tokens rotate -grace 1h acme 0123456789ab"}, JSON: issuedJSON, New: rotate,
			}, {
				Name: "revoke", Args: "TENANT ID", Short: "end a token",
				Examples: []string{"tokens revoke acme 0123456789ab"}, JSON: tokenJSON, New: revoke,
			},
		},
	}
}

// verb is what all have in common.
type verb struct{ recordstore.Verb }

func newVerb(env *command.Env, flags *flag.FlagSet) verb {
	return verb{recordstore.NewVerb(env, flags)}
}

func (v verb) open(ctx context.Context) (token.Admin, error) {
	store, err := v.Open(ctx)
	return token.Admin{Store: store, Now: v.Env.Now}, err
}

func create(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	name := flags.String("name", "", "what the token is called in lists")
	scopes := flags.String("scopes", "ingest,query", "what the token allows: `scopes` with commas between them")
	reads := flags.String("reads", "", "other `tenants` that queries may name, with commas between them")
	expires := flags.Duration("expires", 0, "how long the token is valid; 0 for ever")
	complete := func(_ context.Context, name string, _ []string) []string {
		if name != "scopes" {
			return nil
		}
		words := []string{"ingest,query"}
		for _, s := range token.Scopes() {
			words = append(words, string(s))
		}
		return words
	}
	return command.Action{Complete: complete, Run: func(ctx context.Context, args []string) error {
		tenant, err := recordstore.OnlyTenant(args)
		if err != nil {
			return err
		}
		if *expires < 0 {
			return command.Usagef("-expires %s is negative", *expires)
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		spec := token.Spec{Tenant: tenant, Name: *name, Scopes: split[token.Scope](*scopes), Reads: split[profile.TenantID](*reads)}
		if *expires > 0 {
			spec.Expires = admin.Now().Add(*expires).UTC().Truncate(time.Second)
		}
		t, text, err := admin.Create(ctx, spec)
		if err != nil {
			return err
		}
		return v.issued(t, text, "")
	}}
}

func split[T ~string](s string) (out []T) {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		out = append(out, T(word))
	}
	return out
}

func list(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	return command.Action{Run: func(ctx context.Context, args []string) error {
		tenant, err := recordstore.OnlyTenant(args)
		if err != nil {
			return err
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		all, err := admin.List(ctx, tenant)
		if err != nil {
			return err
		}
		if *v.AsJSON {
			return env.JSON(append([]token.Token{}, all...))
		}
		return printList(env.Stdout, all, admin.Now())
	}}
}

// one reads the arguments of what is about one token.
func one(args []string) (tenant profile.TenantID, id string, err error) {
	tenant, rest, err := recordstore.Tenant(args)
	switch {
	case err != nil:
		return "", "", err
	case len(rest) == 0:
		return "", "", command.Usagef("name the token by its id, which `pyrocumulus tokens list %s` shows", tenant)
	}
	return tenant, rest[0], command.NoArgs(rest[1:])
}

func rotate(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	grace := flags.Duration("grace", 24*time.Hour, "how long the secret before stays valid; 0: it ends now")
	return command.Action{Complete: v.complete, Run: func(ctx context.Context, args []string) error {
		tenant, id, err := one(args)
		if err != nil {
			return err
		}
		if *grace < 0 {
			return command.Usagef("-grace %s is negative", *grace)
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		t, text, err := admin.Rotate(ctx, tenant, id, *grace)
		if err != nil {
			return err
		}
		return v.issued(t, text, fmt.Sprintf("The secret before is valid for %s more.\n", *grace))
	}}
}

func revoke(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	return command.Action{Complete: v.complete, Run: func(ctx context.Context, args []string) error {
		tenant, id, err := one(args)
		if err != nil {
			return err
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		t, err := admin.Revoke(ctx, tenant, id)
		if err != nil {
			return err
		}
		if *v.AsJSON {
			return env.JSON(t)
		}
		_, err = fmt.Fprintf(env.Stdout, "Token %s of tenant %s is revoked; it ends within a minute.\n", t.ID, t.Tenant)
		return err
	}}
}

// complete lists the ids of a tenant's tokens.
func (v verb) complete(ctx context.Context, name string, args []string) (ids []string) {
	if name != "" || len(args) != 1 {
		return nil
	}
	admin, err := v.open(ctx)
	if err != nil {
		return nil
	}
	all, err := admin.List(ctx, profile.TenantID(args[0]))
	if err != nil {
		return nil
	}
	for _, t := range all {
		ids = append(ids, t.ID)
	}
	return ids
}
