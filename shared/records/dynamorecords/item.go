package dynamorecords

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// item is an item of DynamoDB, or a part of one.
type item = map[string]types.AttributeValue

// Attributes of items, besides their keys and ExpiryAttribute.
const (
	attrVersion = "v"
	attrValue   = "data"
	attrMark    = "mark" // of the Put that wrote it
	attrTotal   = "n"
)

// valuesPK and countersPK are the partition keys of a kind.
func valuesPK(t profile.TenantID, k records.Kind) string   { return string(t) + "#v#" + string(k) }
func countersPK(t profile.TenantID, k records.Kind) string { return string(t) + "#n#" + string(k) }

func key(pk, sk string) item { return item{PartitionKey: text(pk), SortKey: text(sk)} }

func text(s string) *types.AttributeValueMemberS { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) *types.AttributeValueMemberN {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// binary is bytes, of which DynamoDB wants some or none but not nil.
func binary(b []byte) *types.AttributeValueMemberB {
	if b == nil {
		b = []byte{}
	}
	return &types.AttributeValueMemberB{Value: b}
}

// fields reads attributes of an item, up to the first error.
type fields struct {
	item item
	err  error
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

func (f *fields) text(name string) string {
	v, ok := f.item[name].(*types.AttributeValueMemberS)
	if !ok {
		f.fail(name, "a string")
		return ""
	}
	return v.Value
}

func (f *fields) bytes(name string) []byte {
	v, ok := f.item[name].(*types.AttributeValueMemberB)
	if !ok {
		f.fail(name, "binary")
		return nil
	}
	return v.Value
}

func (f *fields) expires() time.Time {
	if f.item[ExpiryAttribute] == nil {
		return time.Time{}
	}
	return time.Unix(f.number(ExpiryAttribute), 0).UTC()
}

func (f *fields) fail(name, want string) {
	if f.err == nil {
		f.err = fmt.Errorf("attribute %q is not %s", name, want)
	}
}

// recordOf reads the item of a record; it reports false if it has expired.
func (s *Store) recordOf(tenant profile.TenantID, kind records.Kind, it item) (records.Record, bool, error) {
	f := fields{item: it}
	r := records.Record{
		Name:    records.Name{Tenant: tenant, Kind: kind, Key: f.text(SortKey)},
		Value:   f.bytes(attrValue),
		Version: uint64(f.number(attrVersion)),
		Expires: f.expires(),
	}
	if f.err != nil {
		return records.Record{}, false, fmt.Errorf("read item %.60q: %w", r.Key, f.err)
	}
	return r, r.Expires.IsZero() || s.now().Before(r.Expires), nil
}
