package parquetfile

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Kind is what a column holds.
type Kind uint8

// The kinds of columns, by their physical and logical type in Parquet.
const (
	Int32     Kind = iota // INT32
	Int64                 // INT64
	Timestamp             // INT64, nanoseconds since 1970 UTC
	String                // BYTE_ARRAY, UTF-8
	UUID                  // FIXED_LEN_BYTE_ARRAY(16)
)

// Column is a column of a file. All are required.
type Column struct {
	Name string
	Kind Kind
}

// Schema lists the columns of a file in their order.
type Schema []Column

func (k Kind) physical() format.Type {
	switch k {
	case Int32:
		return format.Int32
	case String:
		return format.ByteArray
	case UUID:
		return format.FixedLenByteArray
	default:
		return format.Int64
	}
}

// elements returns the schema as the footer has it: the root, then the columns.
func (s Schema) elements() []format.SchemaElement {
	out := make([]format.SchemaElement, 0, len(s)+1)
	out = append(out, format.SchemaElement{Name: "schema", NumChildren: thrift.New(int32(len(s)))})
	for _, c := range s {
		e := format.SchemaElement{
			Name: c.Name, Type: thrift.New(c.Kind.physical()),
			RepetitionType: thrift.New(format.Required),
		}
		switch c.Kind {
		case Timestamp:
			e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.NanoSeconds{}}}
		case String:
			e.ConvertedType = thrift.New(deprecated.UTF8)
			e.LogicalType.Value = &format.StringType{}
		case UUID:
			e.TypeLength = thrift.New(int32(16))
			e.LogicalType.Value = &format.UUIDType{}
		}
		out = append(out, e)
	}
	return out
}
