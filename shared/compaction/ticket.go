package compaction

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/oklog/ulid/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// errBadTicket is for a message that is no job of this code.
var errBadTicket = errors.New("message is no compaction job")

// ticketVersion is that of what a ticket says.
const ticketVersion = 1

// ticket is a job as the queue carries it: which rows, not what they say, so
// that a message has a few kilobytes at most. The worker reads the rows.
type ticket struct {
	Version int              `json:"v"`
	Tenant  profile.TenantID `json:"tenant"`
	ID      string           `json:"id"`
	Level   int              `json:"level"`
	Sources []string         `json:"sources"`
	// From and To are the time that the sources span, Unix nanoseconds.
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

func ticketOf(j Job) ticket {
	t := ticket{Version: ticketVersion, Tenant: j.Tenant, ID: j.ID, Level: j.Level, Sources: j.sourceIDs()}
	for i := range j.Sources {
		if s := &j.Sources[i]; i == 0 {
			t.From, t.To = s.MinTime, s.MaxTime
		} else {
			t.From, t.To = min(t.From, s.MinTime), max(t.To, s.MaxTime)
		}
	}
	return t
}

// message is the ticket on the queue. Each job is a group of its own, named by
// the id of its merged block, a hash of the tenant and the sources: the same
// job is never under way twice, while one that fails and waits holds up no
// other. Order between jobs does not matter, as the index lets only one of
// those that share a source commit.
func (t ticket) message() (queue.Message, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return queue.Message{}, fmt.Errorf("encode job %s: %w", t.ID, err)
	}
	return queue.Message{Group: t.ID, DedupID: t.ID, Body: body}, nil
}

// parseTicket reads what message wrote.
func parseTicket(body []byte) (ticket, error) {
	var t ticket
	if err := json.Unmarshal(body, &t); err != nil {
		return t, fmt.Errorf("%w: %w", errBadTicket, err)
	}
	if t.Version != ticketVersion {
		return t, fmt.Errorf("%w: version %d, want %d", errBadTicket, t.Version, ticketVersion)
	}
	if err := t.Tenant.Validate(); err != nil {
		return t, fmt.Errorf("%w: %w", errBadTicket, err)
	}
	if _, err := ulid.ParseStrict(t.ID); err != nil {
		return t, fmt.Errorf("%w: id %.40q: %w", errBadTicket, t.ID, err)
	}
	if n := len(t.Sources); n == 0 || n > blockindex.MaxSources {
		return t, fmt.Errorf("%w: %d sources", errBadTicket, n)
	}
	return t, nil
}

// job makes the job of the ticket from the rows that queries read now. It
// reports ErrStale if a source is not among them, and nil if the job was done.
func (t ticket) job(rows []blockindex.Row) (*Job, error) {
	byID := make(map[string]*blockindex.Row, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}
	if byID[t.ID] != nil {
		return nil, nil
	}
	sources := make([]source, 0, len(t.Sources))
	for _, id := range t.Sources {
		row := byID[id]
		if row == nil {
			return nil, ErrStale
		}
		s, err := sourceOf(*row)
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	j := newJob(t.Level, sources)
	if j.ID != t.ID {
		return nil, fmt.Errorf("%w: its sources make block %s", errBadTicket, j.ID)
	}
	return &j, nil
}
