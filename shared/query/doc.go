// Package query answers what clients ask of stored profiles: the calls of
// querier.v1.QuerierService, and the few static endpoints that Grafana and the
// command-line tools look at beside them.
//
// The way of a request through this package: a method of the service takes the
// request apart and refuses what is wrong with it (timerange.go, labelquery.go,
// stackquery.go); plan.go asks the index which blocks can hold something of it;
// package fanout, here or by workers, or the descriptions of the blocks alone
// answer from them; and the method renders the answer. What it took goes to the
// headers and the log (account.go). Whatever goes wrong inside is logged and
// kept from the client (errors.go).
//
// The older HTTP interface under /pyroscope (httpget.go, render.go) is the same
// queries with other clothes on.
//
// A request that says so is begun and polled for (async.go, poll.go), and what is
// asked again is answered with kept results of slices of its time
// (fromslices.go).
//
// Requests that name several tenants ("a|b") are answered from the blocks of
// all of them as if they were those of one.
//
// The rules of the answers are those of Pyroscope 2.2, with these exceptions.
// There is no longest time range: what lies before the retention is left out,
// and said to be. Aggregation by average and the selection of
// call sites are real in SelectSeries, too. Malformed ids of spans, traces and
// profiles are invalid_argument, not an internal error. What would restrict an
// answer and is not supported is refused rather than ignored.
package query
