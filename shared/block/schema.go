package block

import "github.com/pyrocumulus/pyrocumulus/shared/parquetfile"

// Section is one of the Parquet files of a block.
type Section uint8

// The sections, in the order in which a description lists them. Ids that link
// them (series, profile, stack, location, kind) count from 0 over the whole
// file that they number.
const (
	KindsSection    Section = iota // a row for each kind and sample type
	SeriesSection                  // a row for each label of each series
	FramesSection                  // a row for each frame of each location
	StacksSection                  // a row for each node of the stack-trace trees
	ProfilesSection                // a row for each profile of each series
	SamplesSection                 // a row for each stack trace of each profile
	// Those of sums over time, which only merged blocks have.
	BucketsSection // a row for each bucket of time of each series
	SumsSection    // a row for each stack trace of each bucket
	numSections
)

// String is the section's name, as in "samples".
func (s Section) String() string {
	return [...]string{"kinds", "series", "frames", "stacks", "profiles", "samples", "buckets", "sums"}[s]
}

// pushedSections is how many sections all blocks have.
const pushedSections = int(BucketsSection)

// layout is the order in which sections lie in an object. Sums lie beside the
// symbols, with which they are read.
func layout() [numSections]Section {
	return [numSections]Section{
		KindsSection, SeriesSection, FramesSection, StacksSection, BucketsSection, SumsSection, ProfilesSection, SamplesSection,
	}
}

// Columns of the sections.
const (
	seriesID = iota
	seriesKind
	seriesName
	seriesValue
	seriesColumns
)

const (
	frameLocation = iota // id
	frameDepth           // 0 for the innermost function of the location
	frameFunction        // name; "" for a location without symbols
	frameSystemName
	frameFile
	frameStartLine
	frameLine
	frameColumn
	frameAddress
	frameFlags // see the frame flags
	frameBinary
	frameBuildID
	frameMapStart
	frameMapLimit
	frameMapOffset
	frameColumns
)

const (
	stackID = iota
	stackParent
	stackLocation
	stackColumns
)

const (
	profileRow = iota // id
	profileKind
	profileSeries
	profileTime
	profileTotal0
	profileTotal1
	profileTotal2
	profileTotal3
	profileDuration
	profilePeriod
	profileUUID
	profileColumns
)

const (
	sampleProfile = iota
	sampleStack
	sampleValue0
	sampleValue1
	sampleValue2
	sampleValue3
	sampleSpan
	sampleTraceHi
	sampleTraceLo
	sampleColumns
)

// Columns of buckets and sums are those of profiles and samples, as far as these
// can be added up.
const (
	bucketProfiles = iota + profileDuration // how many were added up
	bucketStep
	bucketColumns
)

const sumColumns = sampleSpan

// Flags of frames. The lower four are those of the mapping, as in
// pprof.MappingFlags.
const (
	flagFolded    = 1 << 4 // the location is folded
	flagNoLine    = 1 << 5 // the location has no symbols: no function, no line
	flagNoMapping = 1 << 6
)

// schemas returns the columns of each section. Names and types are documented
// in FORMAT.md.
func schemas() [numSections]parquetfile.Schema {
	const (
		i32  = parquetfile.Int32
		i64  = parquetfile.Int64
		str  = parquetfile.String
		time = parquetfile.Timestamp
		uuid = parquetfile.UUID
	)
	return [numSections]parquetfile.Schema{
		KindsSection: {
			{Name: "kind", Kind: i32}, {Name: "value", Kind: i32}, {Name: "name", Kind: str},
			{Name: "sample_type", Kind: str}, {Name: "sample_unit", Kind: str},
			{Name: "period_type", Kind: str}, {Name: "period_unit", Kind: str},
		},
		SeriesSection: {{Name: "series", Kind: i32}, {Name: "kind", Kind: i32}, {Name: "name", Kind: str}, {Name: "value", Kind: str}},
		FramesSection: {
			{Name: "location", Kind: i32}, {Name: "depth", Kind: i32}, {Name: "function", Kind: str}, {Name: "system_name", Kind: str},
			{Name: "file", Kind: str}, {Name: "start_line", Kind: i64}, {Name: "line", Kind: i64}, {Name: "column", Kind: i64},
			{Name: "address", Kind: i64}, {Name: "flags", Kind: i32}, {Name: "binary", Kind: str}, {Name: "build_id", Kind: str},
			{Name: "map_start", Kind: i64}, {Name: "map_limit", Kind: i64}, {Name: "map_offset", Kind: i64},
		},
		StacksSection: {{Name: "stack", Kind: i32}, {Name: "parent", Kind: i32}, {Name: "location", Kind: i32}},
		ProfilesSection: {
			{Name: "profile", Kind: i32}, {Name: "kind", Kind: i32}, {Name: "series", Kind: i32}, {Name: "time", Kind: time},
			{Name: "total_0", Kind: i64}, {Name: "total_1", Kind: i64}, {Name: "total_2", Kind: i64}, {Name: "total_3", Kind: i64},
			{Name: "duration", Kind: i64}, {Name: "period", Kind: i64}, {Name: "id", Kind: uuid},
		},
		SamplesSection: {
			{Name: "profile", Kind: i32}, {Name: "stack", Kind: i32},
			{Name: "value_0", Kind: i64}, {Name: "value_1", Kind: i64}, {Name: "value_2", Kind: i64}, {Name: "value_3", Kind: i64},
			{Name: "span_id", Kind: i64}, {Name: "trace_hi", Kind: i64}, {Name: "trace_lo", Kind: i64},
		},
		BucketsSection: {
			{Name: "bucket", Kind: i32}, {Name: "kind", Kind: i32}, {Name: "series", Kind: i32}, {Name: "time", Kind: time},
			{Name: "total_0", Kind: i64}, {Name: "total_1", Kind: i64}, {Name: "total_2", Kind: i64}, {Name: "total_3", Kind: i64},
			{Name: "profiles", Kind: i64}, {Name: "step", Kind: i64},
		},
		SumsSection: {
			{Name: "bucket", Kind: i32}, {Name: "stack", Kind: i32},
			{Name: "value_0", Kind: i64}, {Name: "value_1", Kind: i64}, {Name: "value_2", Kind: i64}, {Name: "value_3", Kind: i64},
		},
	}
}
