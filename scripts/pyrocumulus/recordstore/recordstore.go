// Package recordstore opens the record store of a deployment, for the commands
// that change what is in it.
package recordstore

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
)

// Flags say which store is meant.
type Flags struct {
	data, table string
	aws         bool
	env         *command.Env
}

// register adds the flags.
func register(env *command.Env, flags *flag.FlagSet) *Flags {
	f := &Flags{env: env}
	flags.StringVar(&f.data, "data", "./.pyrocumulus", "data `directory` of the local host, which may run")
	flags.BoolVar(&f.aws, "aws", false, "work on a deployment on AWS instead; region and credentials are the environment's")
	flags.StringVar(&f.table, "table", "", "`name` of its table of records, for which -aws is not needed; "+config.EnvRecords)
	return f
}

// Open opens the DynamoDB table or the store in the data directory.
func (f *Flags) Open(ctx context.Context) (records.Store, error) {
	if f.aws || f.table != "" {
		table := cmp.Or(f.table, f.env.Get(config.EnvRecords))
		if table == "" {
			return nil, command.Usagef("name the table of records with -table or %s; the stack prints it as RecordsTable", config.EnvRecords)
		}
		cfg, err := sdkconfig.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("load the configuration of the AWS SDK: %w", err)
		}
		return dynamorecords.New(dynamodb.NewFromConfig(cfg), table, dynamorecords.Options{}), nil
	}
	path := filepath.Join(f.data, datadir.RecordsFile)
	if _, err := os.Stat(path); err != nil { // which Open of boltrecords would make
		return nil, fmt.Errorf("%s holds no data of the local host: name another directory with -data, or a DynamoDB table with -table", f.data)
	}
	return boltrecords.Open(path, boltrecords.Options{})
}

// Verb is what all commands about the record store have in common.
type Verb struct {
	*Flags
	Env    *command.Env
	AsJSON *bool
}

// NewVerb adds the flags.
func NewVerb(env *command.Env, flags *flag.FlagSet) Verb {
	return Verb{register(env, flags), env, command.JSONFlag(flags)}
}

// Tenant reads the tenant that args begin with, and returns what follows it.
func Tenant(args []string) (profile.TenantID, []string, error) {
	if len(args) == 0 {
		return "", nil, command.Usagef("name the tenant (%q without multitenancy)", profile.AnonymousTenant)
	}
	tenant := profile.TenantID(args[0])
	return tenant, args[1:], command.Usage(tenant.Validate())
}

// OnlyTenant reads the tenant, where nothing may follow it.
func OnlyTenant(args []string) (profile.TenantID, error) {
	tenant, rest, err := Tenant(args)
	if err != nil {
		return "", err
	}
	return tenant, command.NoArgs(rest)
}
