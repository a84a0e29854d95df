package telemetry

import (
	"log/slog"
	"time"
)

// Keys of log attributes. A fact has the same key on every line, so that one
// search finds it everywhere.
const (
	KeyFunction   = "function"    // name of the function, as its folder is called
	KeyRequestID  = "request_id"  // of the invocation; also shown to clients with errors of ours
	KeyColdStart  = "cold_start"  // true for the first invocation of a process
	KeyTenant     = "tenant"      // profile.TenantID
	KeyToken      = "token"       // id of a token, which is no secret
	KeyService    = "service"     // value of the label service_name, the only label value that is logged
	KeyQueue      = "queue"       // name of a queue
	KeyShard      = "shard"       // number of a block shard
	KeySegment    = "segment"     // id of a level 0 block
	KeyBlock      = "block"       // id of a block
	KeyLevel      = "block_level" // compaction level; "level" alone is the severity of a line
	KeyJob        = "job"         // id of a compaction job
	KeyKey        = "key"         // key of an object
	KeyProfiles   = "profiles"    // number of profiles
	KeyMessages   = "messages"    // number of queue messages
	KeyBytes      = "bytes"       // number of bytes
	KeyBytesIn    = "bytes_in"    // of the request's body, decoded
	KeyBytesOut   = "bytes_out"   // of the answer's body, decoded
	KeyMethod     = "method"      // HTTP method
	KeyPath       = "path"        // HTTP path without the query string, which holds label values
	KeyStatus     = "status"      // HTTP status
	KeyDurationMS = "duration_ms" // wall time, milliseconds with fraction
	KeyStack      = "stack"       // Go stack of a panic
	KeyQuery      = "query"       // id of a query, on the lines of its workers; it is the request id of who asked
	KeyBlocks     = "blocks"      // number of blocks
	KeyRequests   = "requests"    // number of requests to the object store
	KeyCacheHits  = "cache_hits"  // reads that a cache answered in place of the object store
	KeyCPUMS      = "cpu_ms"      // CPU time of the process meanwhile, milliseconds with fraction
	KeyErr        = "err"         // text of an error
)

// Duration is the attribute of how long something took.
func Duration(d time.Duration) slog.Attr {
	return slog.Float64(KeyDurationMS, Milliseconds(d))
}

// Milliseconds is d as logs and metrics have it, rounded to a microsecond.
func Milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// Err is the attribute of an error.
func Err(err error) slog.Attr {
	if err == nil {
		return slog.Attr{} // handlers leave it out
	}
	return slog.String(KeyErr, err.Error())
}
