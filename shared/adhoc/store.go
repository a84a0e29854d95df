package adhoc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"github.com/oklog/ulid/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Kind is the kind of the records: the key is the id of the upload, the value
// its name and time.
const Kind records.Kind = "adhoc-profile"

// upload is a file that was uploaded.
type upload struct {
	tenant profile.TenantID
	id     string // a ULID, so that ids sort by time
	name   string
	at     int64 // Unix milliseconds
}

// described is the value of a record.
type described struct {
	Name       string `json:"name"`
	UploadedAt int64  `json:"uploaded_at"`
}

func (u *upload) key() string { return string(u.tenant) + "/adhoc/" + u.id }

func (u *upload) record() records.Name {
	return records.Name{Tenant: u.tenant, Kind: Kind, Key: u.id}
}

// maxNameBytes bounds the name of an upload, which is mostly that of a file.
const maxNameBytes = 1024

// store gives an upload its id and time and keeps it.
func (h *Handler) store(ctx context.Context, u *upload, file []byte) error {
	if len(u.name) > maxNameBytes {
		return invalid("the name has %d bytes, more than %d", len(u.name), maxNameBytes)
	}
	u.at = h.Now().UnixMilli()
	id, err := ulid.New(uint64(u.at), ulid.DefaultEntropy())
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	u.id = id.String()
	value, err := json.Marshal(described{u.name, u.at})
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	if err := h.Store.Put(ctx, u.key(), file); err != nil {
		return fmt.Errorf("put object %s: %w", u.key(), err)
	}
	if _, err := h.Records.Put(ctx, records.Record{Name: u.record(), Value: value}); err != nil {
		return fmt.Errorf("put record of %s: %w", u.key(), err)
	}
	return nil
}

// list returns the uploads of a tenant, the oldest first.
func (h *Handler) list(ctx context.Context, tenant profile.TenantID) ([]upload, error) {
	found, err := h.Records.List(ctx, tenant, Kind)
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	all := make([]upload, len(found))
	for i, r := range found {
		if all[i], err = read(r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func read(r records.Record) (upload, error) {
	var d described
	if err := json.Unmarshal(r.Value, &d); err != nil {
		return upload{}, fmt.Errorf("read record %s: %w", r.Key, err)
	}
	return upload{tenant: r.Tenant, id: r.Key, name: d.Name, at: d.UploadedAt}, nil
}

// load reads an upload and what is in it.
func (h *Handler) load(ctx context.Context, tenant profile.TenantID, id string) (*upload, []graph, error) {
	notFound := connect.NewError(connect.CodeNotFound, fmt.Errorf("there is no ad hoc profile %.60q", id))
	if _, err := ulid.ParseStrict(id); err != nil {
		return nil, nil, notFound
	}
	u := upload{tenant: tenant, id: id}
	r, err := h.Records.Get(ctx, u.record())
	if errors.Is(err, records.ErrNotFound) {
		return nil, nil, notFound
	}
	if err != nil {
		return nil, nil, fmt.Errorf("get record of %s: %w", u.key(), err)
	}
	if u, err = read(r); err != nil {
		return nil, nil, err
	}
	file, err := h.Store.Get(ctx, u.key())
	if err != nil {
		return nil, nil, fmt.Errorf("get object %s: %w", u.key(), err)
	}
	graphs, err := parse(file)
	if err != nil || len(graphs) == 0 {
		return nil, nil, fmt.Errorf("read object %s again: %w", u.key(), err)
	}
	return &u, graphs, nil
}
