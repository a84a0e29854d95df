package dynamoindex

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Attributes of items, besides their keys. They are short as DynamoDB charges
// for names too.
const (
	attrLevel       = "level" // of rows and ids
	attrMinTime     = "min"   // of rows and ids
	attrCommittedAt = "at"    // of rows and ids
	attrTakenBy     = "by"    // of ids whose row was replaced: the id of the row that did
	attrMaxTime     = "max"   // of rows
	attrID          = "id"    // of rows
	attrSources     = "src"   // of rows that have any
	attrDetail      = "data"  // of rows that have any
)

func placeOf(r *blockindex.Row) place {
	return place{tenant: r.Tenant, id: r.ID, level: r.Level, minTime: r.MinTime, committedAt: r.CommittedAt}
}

// rowItem is the item of a row.
func rowItem(r *blockindex.Row) item {
	it := placeOf(r).row().item()
	it[attrID] = text(r.ID)
	it[attrLevel] = number(int64(r.Level))
	it[attrMinTime] = number(r.MinTime)
	it[attrMaxTime] = number(r.MaxTime)
	it[attrCommittedAt] = number(r.CommittedAt)
	if len(r.Sources) > 0 {
		var l []types.AttributeValue
		for _, s := range r.Sources {
			l = append(l, text(s))
		}
		it[attrSources] = &types.AttributeValueMemberL{Value: l}
	}
	if len(r.Detail) > 0 {
		it[attrDetail] = &types.AttributeValueMemberB{Value: r.Detail}
	}
	return it
}

// idItem is the item that tells where the row of an id is.
func idItem(p place) item {
	it := p.idItem().item()
	it[attrLevel] = number(int64(p.level))
	it[attrMinTime] = number(p.minTime)
	it[attrCommittedAt] = number(p.committedAt)
	return it
}

// fields reads attributes of an item, up to the first error.
type fields struct {
	item item
	err  error
}

func (f *fields) text(name string) string {
	v, ok := f.item[name].(*types.AttributeValueMemberS)
	if !ok {
		f.fail(name, "a string")
		return ""
	}
	return v.Value
}

func (f *fields) number(name string) int64 {
	v, ok := f.item[name].(*types.AttributeValueMemberN)
	if !ok {
		f.fail(name, "a number")
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		f.fail(name, "a number of 64 bits")
	}
	return n
}

func (f *fields) texts(name string) []string {
	if f.item[name] == nil {
		return nil
	}
	l, ok := f.item[name].(*types.AttributeValueMemberL)
	if !ok {
		f.fail(name, "a list")
		return nil
	}
	var out []string
	for _, v := range l.Value {
		s, ok := v.(*types.AttributeValueMemberS)
		if !ok {
			f.fail(name, "a list of strings")
			return nil
		}
		out = append(out, s.Value)
	}
	return out
}

func (f *fields) bytes(name string) []byte {
	if f.item[name] == nil {
		return nil
	}
	v, ok := f.item[name].(*types.AttributeValueMemberB)
	if !ok {
		f.fail(name, "binary")
		return nil
	}
	return v.Value
}

func (f *fields) fail(name, want string) {
	if f.err == nil {
		f.err = fmt.Errorf("attribute %q is not %s", name, want)
	}
}

// rowOf reads the item of a row.
func rowOf(tenant profile.TenantID, it item) (blockindex.Row, error) {
	f := fields{item: it}
	r := blockindex.Row{
		Tenant:      tenant,
		ID:          f.text(attrID),
		Level:       int(f.number(attrLevel)),
		MinTime:     f.number(attrMinTime),
		MaxTime:     f.number(attrMaxTime),
		CommittedAt: f.number(attrCommittedAt),
		Sources:     f.texts(attrSources),
		Detail:      f.bytes(attrDetail),
	}
	if f.err == nil {
		f.err = r.Validate()
	}
	if f.err != nil {
		return blockindex.Row{}, fmt.Errorf("read item %q: %w", f.text(SortKey), f.err)
	}
	return r, nil
}

// same reports whether two rows have equal content.
func same(a, b *blockindex.Row) bool {
	return placeOf(a) == placeOf(b) && a.MaxTime == b.MaxTime &&
		slices.Equal(a.Sources, b.Sources) && string(a.Detail) == string(b.Detail)
}
