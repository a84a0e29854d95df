// Package boltrecords is the embedded adapter of the record store: a bbolt file.
//
// The file has the buckets
//
//	values    TENANT 0 KIND 0 KEY          version, expiry, value
//	counters  TENANT 0 KIND 0 KEY          expiry, total
//	expiry    TIME [vc] TENANT 0 KIND 0 KEY  nothing; what expires when
//
// with numbers of 8 bytes, big-endian. Neither tenants nor kinds hold a zero
// byte, so that no two names share a key. The sequence of "values" is the last
// version that was given.
//
// Several processes may use a file at the same time, such as a host and a tool
// beside it, and bbolt locks a file while it is open: so it is open only while
// calls are under way, and a call waits up to lockWait for other processes.
// That suits a store that is asked some times a second at most.
//
// Every write deletes up to purgeLimit things that have expired.
package boltrecords
