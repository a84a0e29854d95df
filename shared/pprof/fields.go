package pprof

// Field numbers of the messages of profile.proto that this package reads.
// Others are skipped.
const (
	profileSampleType        = 1
	profileSample            = 2
	profileMapping           = 3
	profileLocation          = 4
	profileFunction          = 5
	profileString            = 6
	profileTimeNanos         = 9
	profileDurationNanos     = 10
	profilePeriodType        = 11
	profilePeriod            = 12
	profileDefaultSampleType = 14

	valueTypeType = 1
	valueTypeUnit = 2

	sampleLocation = 1
	sampleValue    = 2
	sampleLabel    = 3

	labelKey     = 1
	labelString  = 2
	labelNumber  = 3
	labelNumUnit = 4

	mappingID         = 1
	mappingStart      = 2
	mappingLimit      = 3
	mappingOffset     = 4
	mappingFilename   = 5
	mappingBuildID    = 6
	mappingHasFirst   = 7 // has_functions; the flags follow in the order of MappingFlags
	mappingHasLast    = 10
	locationID        = 1
	locationMapping   = 2
	locationAddress   = 3
	locationLine      = 4
	locationFolded    = 5
	lineFunction      = 1
	lineLine          = 2
	lineColumn        = 3
	functionID        = 1
	functionName      = 2
	functionSystem    = 3
	functionFilename  = 4
	functionStartLine = 5
)
