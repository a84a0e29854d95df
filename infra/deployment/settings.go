package deployment

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// derived are the settings that follow from keys of the context.
func derived() map[string]string {
	return map[string]string{
		config.EnvRetention: "set retentionDays instead",
		config.EnvAuth:      "set auth instead",
	}
}

// checkSettings reports settings that no function reads, that a function would
// refuse when it starts, or that do not fit what ends the functions.
func (c Config) checkSettings() error {
	known := make(map[string]bool)
	for _, v := range config.Variables() {
		known[v.Name] = true
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
		switch instead, ok := derived()[name]; {
		case ok:
			errs = append(errs, fmt.Errorf("context settings has %s: %s", name, instead))
		case !known[name]:
			errs = append(errs, fmt.Errorf("context settings has %s: no function knows it; shared/config/variables.go lists those that are known", name))
		}
	}
	said := make(map[string]bool)
	all := loaders()
	for _, function := range slices.Sorted(maps.Keys(all)) {
		if err := all[function](c.lookup()); err != nil && !said[err.Error()] {
			said[err.Error()] = true
			errs = append(errs, fmt.Errorf("context settings: function %s: %w", function, err))
		}
	}
	if len(errs) == 0 {
		errs = append(errs, c.checkTimes())
	}
	return errors.Join(errs...)
}

// checkTimes reports settings by which a function would still work when Lambda
// ends it.
func (c Config) checkTimes() error {
	query, err := config.LoadQuery(c.lookup())
	if err != nil {
		return err
	}
	drain, err := config.LoadSegment(c.lookup())
	if err != nil {
		return err
	}
	if most := apiTime - answerTime; query.Timeout > most {
		return fmt.Errorf("context settings has %s=%s: want %s at most, since the API waits for 30s", config.EnvQueryTimeout, query.Timeout, most)
	}
	if most := MergeTime - drainSlack; drain.DrainTime > most {
		return fmt.Errorf("context settings has %s=%s: want %s at most, since Lambda ends functions after %s", config.EnvDrainTime, drain.DrainTime, most, MergeTime)
	}
	return nil
}
