// Package limits is the commands that show and change the limits of single
// tenants.
package limits

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/recordstore"
	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

const help = `Limits are in force a minute later, everywhere. "list" names all of them. Without
multitenancy the tenant is "anonymous". The local host may run meanwhile.`

const setHelp = `@ reads the value from a file. Rules are a JSON list with the names and actions of
Prometheus' relabel_config.`

const setJSON = `{"tenant": "acme", "limits": [{"limit": "max_labels", "value": "50"}]}`

// Command manages limits.
func Command() *command.Command {
	return &command.Command{
		Name: "limits", Short: "show and change the limits of tenants", Long: help,
		Verbs: []*command.Command{
			{
				Name: "list", Args: "TENANT", Short: "list all limits and what they mean",
				Examples: []string{"limits list acme"},
				JSON:     `[{"limit": "max_labels", "set": "50", "default": "30", "allowed": "a whole number from 1 to 1000", "meaning": "how many labels a series may have"}]`,
				New:      list,
			}, {
				Name: "get", Args: "TENANT LIMIT", Short: "print the limit that a tenant has",
				Examples: []string{"limits get acme max_labels"}, JSON: `{"limit": "max_labels", "value": "50"}`, New: get,
			}, {
				Name: "set", Args: "TENANT LIMIT=VALUE...", Short: "give a tenant limits of its own", Long: setHelp,
				Examples: []string{
					"limits set acme ingestion_rate=16MiB reject_older_than=6h",
					`limits set acme relabel_rules=@rules.json sampling='{"shop": 0.1}'`, "limits set -table NAME acme max_labels=50",
				},
				JSON: setJSON, New: set,
			}, {
				Name: "unset", Args: "TENANT LIMIT...", Short: "take them back: the default is in force again",
				Examples: []string{"limits unset acme max_labels"}, JSON: setJSON, New: unset,
			},
		},
	}
}

// verb is what all have in common.
type verb struct{ recordstore.Verb }

func newVerb(env *command.Env, flags *flag.FlagSet) verb {
	return verb{recordstore.NewVerb(env, flags)}
}

func (v verb) open(ctx context.Context) (limits.Admin, error) {
	store, err := v.Open(ctx)
	return limits.Admin{Store: store}, err
}

// names completes names of limits, and what follows each.
func names(suffix string) func(context.Context, string, []string) []string {
	return func(_ context.Context, name string, args []string) (out []string) {
		if name != "" || len(args) == 0 {
			return nil
		}
		for _, s := range limits.Settings() {
			out = append(out, s.Name+suffix)
		}
		return out
	}
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
		o, err := admin.Get(ctx, tenant)
		if err != nil {
			return err
		}
		all := rows(env, o)
		if *v.AsJSON {
			return env.JSON(all)
		}
		return printRows(env.Stdout, all)
	}}
}

func get(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	return command.Action{Complete: names(""), Run: func(ctx context.Context, args []string) error {
		tenant, rest, err := recordstore.Tenant(args)
		if err != nil {
			return err
		}
		if len(rest) != 1 {
			return command.Usagef("name one limit, not %d", len(rest))
		}
		s, err := limits.Find(rest[0])
		if err != nil {
			return command.Usage(err)
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		o, err := admin.Get(ctx, tenant)
		if err != nil {
			return err
		}
		value, ok := o[s.Name]
		if !ok {
			value = defaultOf(env, s)
		}
		if *v.AsJSON {
			return env.JSON(setting{s.Name, value})
		}
		_, err = fmt.Fprintln(env.Stdout, value)
		return err
	}}
}

func set(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	return command.Action{Complete: names("="), Run: func(ctx context.Context, args []string) error {
		tenant, rest, err := recordstore.Tenant(args)
		if err != nil {
			return err
		}
		values, err := assignments(rest)
		if err != nil {
			return err
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		if err := admin.Set(ctx, tenant, values); err != nil {
			return err
		}
		return v.tell(ctx, admin, tenant)
	}}
}

// assignments reads LIMIT=VALUE..., of which a value may be @FILE.
func assignments(args []string) (limits.Overrides, error) {
	if len(args) == 0 {
		return nil, command.Usagef("set what? add LIMIT=VALUE, for example max_labels=50")
	}
	values := make(limits.Overrides)
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, command.Usagef("%q is not of the form LIMIT=VALUE", arg)
		}
		if _, err := limits.Find(name); err != nil {
			return nil, command.Usage(err)
		}
		if file, isFile := strings.CutPrefix(value, "@"); isFile {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read the value of %s: %w", name, err)
			}
			value = string(text)
		}
		values[name] = value
	}
	return values, nil
}

func unset(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	return command.Action{Complete: names(""), Run: func(ctx context.Context, args []string) error {
		tenant, rest, err := recordstore.Tenant(args)
		if err != nil {
			return err
		}
		if len(rest) == 0 {
			return command.Usagef("unset what? add the names of limits")
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		if err := known(ctx, admin, tenant, rest); err != nil {
			return err
		}
		if err := admin.Unset(ctx, tenant, rest...); err != nil {
			return err
		}
		return v.tell(ctx, admin, tenant)
	}}
}

// known refuses names that mean nothing. Those that are set may be of another
// version of the program.
func known(ctx context.Context, admin limits.Admin, tenant profile.TenantID, names []string) error {
	o, err := admin.Get(ctx, tenant)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, set := o[name]; set {
			continue
		}
		if _, err := limits.Find(name); err != nil {
			return command.Usage(err)
		}
	}
	return nil
}
