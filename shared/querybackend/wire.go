package querybackend

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
)

// wireVersion begins every request and answer. A worker that is older or newer
// than who asks refuses, and is asked again when the deployment is through.
const wireVersion = 3

// Append appends the wire form of a request: version, tenant, task and the
// descriptions of the blocks, each behind its length.
func (r *Request) Append(b []byte) []byte {
	b = append(b, wireVersion)
	b = appendBytes(b, []byte(r.Tenant))
	b = appendBytes(b, r.Task.Append(nil))
	b = binary.AppendUvarint(b, uint64(len(r.Blocks)))
	for _, m := range r.Blocks {
		b = appendBytes(b, m.Append(nil))
	}
	return b
}

// ParseRequest reads the wire form of a request. One that names a block of
// another tenant is refused as well; all errors wrap ErrRequest.
func ParseRequest(b []byte) (*Request, error) {
	p := parser{b: b}
	p.version()
	r := &Request{Tenant: profile.TenantID(p.bytes())}
	task := p.bytes()
	for n := p.uint(); n > 0 && p.err == nil; n-- {
		m, err := block.ParseMeta(p.bytes())
		switch {
		case p.err != nil:
		case err != nil:
			p.fail(err)
		case m.Tenant != r.Tenant:
			p.fail(fmt.Errorf("block %s is of tenant %s, not of %s", m.ID, m.Tenant, r.Tenant))
		}
		r.Blocks = append(r.Blocks, m)
	}
	p.end()
	if p.err == nil {
		p.err = r.Tenant.Validate()
	}
	if p.err == nil {
		r.Task, p.err = engine.ParseTask(task)
	}
	if p.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, p.err)
	}
	return r, nil
}

// Append appends the wire form of an answer.
func (a *Answer) Append(b []byte) []byte {
	b = append(b, wireVersion)
	b = appendIDs(appendIDs(appendIDs(b, a.Gone), a.Failed), a.Archived)
	for _, n := range []int64{a.Stats.Requests, a.Stats.Bytes, a.Stats.CacheHits, int64(a.Stats.CPU)} {
		b = binary.AppendVarint(b, n)
	}
	return a.Report.Append(b)
}

// ParseAnswer reads the wire form of the answer to a task. Errors wrap
// ErrWorker: whoever made these bytes is not well.
func ParseAnswer(b []byte, t engine.Task) (*Answer, error) {
	p := parser{b: b}
	p.version()
	a := &Answer{Gone: p.ids(), Failed: p.ids(), Archived: p.ids()}
	a.Stats = Stats{
		Counts: readstats.Counts{Requests: p.int(), Bytes: p.int(), CacheHits: p.int()}, CPU: time.Duration(p.int()),
	}
	if p.err == nil {
		a.Report, p.err = engine.ParseReport(p.b, t)
	}
	if p.err != nil {
		return nil, fmt.Errorf("%w: read its answer: %w", ErrWorker, p.err)
	}
	return a, nil
}

func appendBytes(b, v []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(v))), v...) }

func appendIDs(b []byte, ids []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(ids)))
	for _, id := range ids {
		b = appendBytes(b, []byte(id))
	}
	return b
}

// parser takes values off the front of b. After a failure it returns zeros.
type parser struct {
	b   []byte
	err error
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
	p.b = nil
}

func (p *parser) version() {
	if len(p.b) == 0 || p.b[0] != wireVersion {
		p.fail(fmt.Errorf("it is not of version %d", wireVersion))
		return
	}
	p.b = p.b[1:]
}

func (p *parser) uint() uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		p.fail(errors.New("cut off"))
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *parser) int() int64 {
	v, n := binary.Varint(p.b)
	if n <= 0 {
		p.fail(errors.New("cut off"))
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *parser) bytes() []byte {
	n := p.uint()
	if n > uint64(len(p.b)) {
		p.fail(errors.New("cut off"))
		return nil
	}
	v := p.b[:n]
	p.b = p.b[n:]
	return v
}

func (p *parser) ids() (out []string) {
	for n := p.uint(); n > 0 && p.err == nil; n-- {
		out = append(out, string(p.bytes()))
	}
	return out
}

func (p *parser) end() {
	if p.err == nil && len(p.b) > 0 {
		p.fail(errors.New("bytes behind the end"))
	}
}
