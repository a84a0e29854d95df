package limits

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Errors of Admin, for which a person who asked is to be told the text.
var (
	// ErrUnknown: there is no limit of this name.
	ErrUnknown = errors.New("unknown limit")
	// ErrBadValue: a limit cannot have this value.
	ErrBadValue = errors.New("bad value")
)

// Admin changes overrides.
type Admin struct{ Store records.Store }

// maxAttempts is how often a change is tried that meets another one.
const maxAttempts = 5

// Get returns the overrides of a tenant; none is no error.
func (a Admin) Get(ctx context.Context, tenant profile.TenantID) (Overrides, error) {
	_, o, err := a.read(ctx, tenant)
	return o, err
}

func (a Admin) read(ctx context.Context, tenant profile.TenantID) (records.Record, Overrides, error) {
	r, err := a.Store.Get(ctx, recordName(tenant))
	if errors.Is(err, records.ErrNotFound) {
		return records.Record{Name: recordName(tenant)}, Overrides{}, nil
	}
	if err != nil {
		return r, nil, fmt.Errorf("read limits of tenant %s: %w", tenant, err)
	}
	o, err := decode(r.Value)
	if err != nil {
		return r, nil, fmt.Errorf("read limits of tenant %s: %w", tenant, err)
	}
	if o == nil {
		o = Overrides{}
	}
	return r, o, nil
}

// Set overrides limits of a tenant, all of them or none.
func (a Admin) Set(ctx context.Context, tenant profile.TenantID, values Overrides) error {
	for name, text := range values {
		s, err := Find(name)
		if err != nil {
			return err
		}
		if err := s.Check(text); err != nil {
			return fmt.Errorf("%w of %s: %w", ErrBadValue, name, err)
		}
	}
	return a.change(ctx, tenant, func(o Overrides) {
		for name, text := range values {
			o[name] = strings.TrimSpace(text)
		}
	})
}

// Unset takes overrides of a tenant away; the defaults are in force again. To
// unset what is not set is no error.
func (a Admin) Unset(ctx context.Context, tenant profile.TenantID, names ...string) error {
	return a.change(ctx, tenant, func(o Overrides) {
		for _, name := range names {
			delete(o, name)
		}
	})
}

// change rewrites the overrides as they are when it is written.
func (a Admin) change(ctx context.Context, tenant profile.TenantID, edit func(Overrides)) error {
	for attempt := 0; ; attempt++ {
		r, o, err := a.read(ctx, tenant)
		if err != nil {
			return err
		}
		edit(o)
		err = a.write(ctx, r, o)
		if err == nil || attempt == maxAttempts || !errors.Is(err, records.ErrConflict) {
			return err
		}
	}
}

func (a Admin) write(ctx context.Context, r records.Record, o Overrides) error {
	var err error
	switch {
	case len(o) > 0:
		if r.Value, err = json.Marshal(o); err == nil { // names are sorted
			_, err = a.Store.Put(ctx, r)
		}
	case r.Version > 0:
		err = a.Store.Delete(ctx, r.Name, r.Version)
	}
	if err != nil {
		return fmt.Errorf("write limits of tenant %s: %w", r.Tenant, err)
	}
	return nil
}

// Find returns the limit of a name, or an error that wraps ErrUnknown and names
// all there are.
func Find(name string) (Setting, error) {
	all := Settings()
	if i := slices.IndexFunc(all, func(s Setting) bool { return s.Name == name }); i >= 0 {
		return all[i], nil
	}
	names := make([]string, 0, len(all))
	for _, s := range all {
		names = append(names, s.Name)
	}
	return Setting{}, fmt.Errorf("%w %q, want one of %s", ErrUnknown, name, strings.Join(names, ", "))
}
