// Package conformance holds the query API against Pyroscope's, rule by rule.
//
// The tests drive the query function as it is assembled, with the ingest
// function beside it as the default route, behind the API Gateway of
// shared/gateway. Profiles of two tenants lie in segments and in merged blocks.
// Every rule is asked with the generated clients in both codecs, compressed and
// not, and of two functions: one that answers by itself and one that divides
// each query over workers, a block each.
//
// A rule is a row of a table: what is asked, as JSON, and what comes back. There
// is a table for each part of the API: methods, times, selectors, series, flame
// graphs, the older HTTP interface, everything else, and one of tenants and
// transport. Where the whole wire form matters the answer is a file in testdata,
// which -update writes anew. What differs from Pyroscope on purpose is a rule
// too, and says so; README.md lists those.
//
// The files testdata/clients/*.json are the requests that Grafana's data source,
// Profiles Drilldown and profilecli make, in the order and with the headers that
// they make them with; a test replays them.
package conformance
