package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/localstack/provision"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// maxMessageBytes is the largest message of the queues: MiniStack takes no
// larger ones.
const maxMessageBytes = 262_144

// FindEmulators reads from environment variables where the emulators are: those
// of AWS SDKs (AWS_ENDPOINT_URL for all of them, AWS_ENDPOINT_URL_S3 and so on
// for one), or those that scripts/emulators sets. AWS itself is never meant: who
// means it should deploy.
func FindEmulators(lookup config.Lookup) (emulators.Set, error) {
	var errs []error
	endpoint := func(service, ofScripts string) string {
		for _, name := range []string{"AWS_ENDPOINT_URL_" + service, ofScripts, "AWS_ENDPOINT_URL"} {
			if v, _ := lookup(name); v != "" {
				return strings.TrimSuffix(v, "/")
			}
		}
		errs = append(errs, fmt.Errorf("neither AWS_ENDPOINT_URL nor AWS_ENDPOINT_URL_%s is set", service))
		return ""
	}
	set := emulators.Set{
		S3: endpoint("S3", emulators.EnvVersitygw), SQS: endpoint("SQS", emulators.EnvMiniStack),
		DynamoDB: endpoint("DYNAMODB", emulators.EnvDynamoDB),
	}
	if err := errors.Join(errs...); err != nil {
		return set, fmt.Errorf("find emulators of AWS: %w", err)
	}
	return set, nil
}

// Provision makes the resources, whose names begin with prefix, unless they are
// there.
func Provision(ctx context.Context, set emulators.Set, prefix string) (provision.Provisioned, error) {
	cfg, err := set.Config(ctx)
	if err != nil {
		return provision.Provisioned{}, err
	}
	return provision.Create(ctx, cfg, provision.NamesFor(prefix), provision.Options{MaxMessageBytes: maxMessageBytes})
}

// FindResources returns the resources that the environment names, as
// scripts/provision prints them, or makes them if it names none.
func FindResources(ctx context.Context, set emulators.Set, prefix string, lookup config.Lookup) (provision.Provisioned, error) {
	names := []string{config.EnvBucket, config.EnvTable, config.EnvRecords, config.EnvQueueURL, config.EnvJobsURL}
	isSet := func(name string) bool { value, _ := lookup(name); return value != "" }
	if !slices.ContainsFunc(names, isSet) {
		return Provision(ctx, set, prefix)
	}
	found, err := config.LoadResources(lookup, names...)
	if err != nil {
		return provision.Provisioned{}, fmt.Errorf("find resources (set all that scripts/provision prints, or none): %w", err)
	}
	return provision.Provisioned{Resources: found}, nil
}

// Variables returns the environment variables of functions that work with the
// resources in the emulators, and invoke each other at the URL of the Invoke
// API: with them go the settings (PYROCUMULUS_*) of this process.
func Variables(set emulators.Set, resources provision.Provisioned, invokeURL string) map[string]string {
	all := map[string]string{"AWS_ENDPOINT_URL_LAMBDA": invokeURL, config.EnvWorker: Worker}
	for _, v := range config.Variables() {
		if value, ok := os.LookupEnv(v.Name); ok {
			all[v.Name] = value
		}
	}
	for _, assignment := range append(set.Environment(), resources.Environment()...) {
		name, value, _ := strings.Cut(assignment, "=")
		all[name] = value
	}
	return all
}
