// Package retention is the commands that delete services and say how long
// profiles are kept.
package retention

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/recordstore"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

const help = `Without multitenancy the tenant is "anonymous". The local host may run meanwhile.`

const (
	keepHelp = `Profiles are kept by their time: those of one service or, if none is named, of all
that have no time of their own. TIME is as 720h or 30d; 0 is for ever. What has
expired does not come back when it is made longer.`
	deleteHelp = `All profiles of the service until now disappear from answers at once, and from storage
within two days; it cannot be taken back. Profiles with a later time are kept as
before.`
	rulesJSON = `{"tenant": "acme", "keptFor": "744h0m0s", "services": [
 {"service": "audit", "keptFor": "8760h0m0s", "deletedBefore": "2026-01-02T15:04:05Z"}]}`
)

// Command manages retention.
func Command() *command.Command {
	return &command.Command{
		Name: "retention", Short: "say how long profiles are kept, delete services", Long: help,
		Verbs: []*command.Command{
			{
				Name: "list", Args: "TENANT", Short: "list for how long which services are kept, and what was deleted",
				Long: "In JSON 0s is for ever.", Examples: []string{"retention list acme", "retention list -table NAME acme"}, JSON: rulesJSON, New: list,
			}, {
				Name: "keep", Args: "TENANT [SERVICE] TIME", Short: "keep profiles for a time", Long: keepHelp,
				Examples: []string{"retention keep acme 168h", "retention keep acme audit 365d"}, JSON: rulesJSON, New: keep,
			}, {
				Name: "unkeep", Args: "TENANT [SERVICE]", Short: "take back what keep has set",
				Examples: []string{"retention unkeep acme audit"}, JSON: rulesJSON, New: unkeep,
			}, {
				Name: "delete", Args: "TENANT SERVICE", Short: "delete a service", Long: deleteHelp,
				Examples: []string{"retention delete acme checkout"},
				JSON:     `{"service": "checkout", "before": "2026-01-02T15:04:05Z"}`, New: remove,
			},
		},
	}
}

// verb is what all have in common.
type verb struct{ recordstore.Verb }

func newVerb(env *command.Env, flags *flag.FlagSet) verb {
	return verb{recordstore.NewVerb(env, flags)}
}

func (v verb) open(ctx context.Context) (retention.Admin, error) {
	settings, err := config.LoadSweep(v.Env.Lookup)
	if err != nil {
		return retention.Admin{}, err
	}
	store, err := v.Open(ctx)
	return retention.Admin{Store: store, Default: settings.Retention, Now: v.Env.Now}, err
}

// complete lists the services that have rules.
func (v verb) complete(ctx context.Context, name string, args []string) (names []string) {
	if name != "" || len(args) != 1 {
		return nil
	}
	admin, err := v.open(ctx)
	if err != nil {
		return nil
	}
	r, err := admin.Rules(ctx, profile.TenantID(args[0]))
	if err != nil {
		return nil
	}
	for _, one := range told(profile.TenantID(args[0]), r).Services {
		names = append(names, one.Service)
	}
	return names
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
		return v.tell(ctx, admin, tenant)
	}}
}

func keep(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	return command.Action{Complete: v.complete, Run: func(ctx context.Context, args []string) error {
		tenant, rest, err := recordstore.Tenant(args)
		if err != nil {
			return err
		}
		if len(rest) == 0 {
			return command.Usagef("keep for how long? add a time such as 720h or 30d, or 0 for ever")
		}
		d, err := duration(rest[len(rest)-1])
		if err != nil {
			return err
		}
		service, err := atMostOne(rest[:len(rest)-1])
		if err != nil {
			return err
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		if err := admin.Keep(ctx, tenant, service, d); err != nil {
			return err
		}
		return v.tell(ctx, admin, tenant)
	}}
}

// duration reads a time, also in days.
func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, command.Usagef("%q is no time; write 720h or 30d, or 0 for ever", text)
	}
	return d, nil
}

// atMostOne is the service that is named, or "".
func atMostOne(args []string) (string, error) {
	switch {
	case len(args) == 0:
		return "", nil
	case len(args) > 1:
		return "", command.Usagef("name one service, not %q as well", args[1])
	case args[0] == "":
		return "", command.Usagef("the name of the service is empty")
	}
	return args[0], nil
}

func unkeep(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	return command.Action{Complete: v.complete, Run: func(ctx context.Context, args []string) error {
		tenant, rest, err := recordstore.Tenant(args)
		if err != nil {
			return err
		}
		service, err := atMostOne(rest)
		if err != nil {
			return err
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		if err := admin.Unkeep(ctx, tenant, service); err != nil {
			return err
		}
		return v.tell(ctx, admin, tenant)
	}}
}

func remove(env *command.Env, flags *flag.FlagSet) command.Action {
	v := newVerb(env, flags)
	return command.Action{Run: func(ctx context.Context, args []string) error {
		tenant, rest, err := recordstore.Tenant(args)
		if err != nil {
			return err
		}
		service, err := atMostOne(rest)
		switch {
		case err != nil:
			return err
		case service == "":
			return command.Usagef("name the service to delete")
		}
		admin, err := v.open(ctx)
		if err != nil {
			return err
		}
		d, err := admin.Delete(ctx, tenant, service)
		if err != nil {
			return err
		}
		if *v.AsJSON {
			return env.JSON(struct {
				Service string    `json:"service"`
				Before  time.Time `json:"before"`
			}{d.Service, d.Before})
		}
		_, err = fmt.Fprintf(env.Stdout, "%s: profiles before %s are deleted\n", d.Service, d.Before.Format(time.RFC3339Nano))
		return err
	}}
}
