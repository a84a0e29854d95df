// Package e2e tells users' stories: it builds the local host, starts it, and
// speaks to it over HTTP as clients do.
//
// The stories are the scripts in testdata (https://pkg.go.dev/github.com/rogpeppe/go-internal/testscript
// has the language). Each runs with a host, a data directory and a present of
// its own: the time at which the script began. These commands are ours; TENANT
// is the tenant to name in the request, or "-" to name none; basic:TENANT:TOKEN or
// bearer:TOKEN sends a token, with @TENANT behind it and names a tenant; times are relative
// to the present, as in -10m:
//
//	serve [NAME=value...] [flag...]
//	    starts the host with environment variables and flags; with ! it must
//	    refuse to start
//	token [-scopes S,S] [-reads TENANT,TENANT] TENANT NAME
//	    makes a token and puts it into the variable $NAME
//	shutdown, crash
//	    end it: properly, which must succeed with no error in the log, or by
//	    kill -9
//	push [-as proto|json|gzip] [-at TIME] TENANT FILE name=value... [+ FILE name=value...]...
//	    sends profiles with their labels, as Grafana Alloy does; with ! they
//	    must be refused
//	ingest, raw [-at TIME] [-path PATH] TENANT FILE name=value...
//	    sends a profile as the SDKs for Go and Node.js do
//	flood [-kill-after N] TENANT COUNT name=value...
//	    sends many profiles at once, each with a stack of its own; writes the
//	    stacks to the file sent, and those that were answered with 200 to the
//	    file acknowledged
//	query [-from TIME] [-to TIME] TENANT SELECTOR TYPE
//	    prints the flame graph as folded stacks; TYPE is cpu, mem, goroutine or
//	    an id
//	diff [-from TIME] [-to TIME] TENANT SELECTOR SELECTOR TYPE
//	    prints two flame graphs side by side
//	points [-from TIME] [-to TIME] [-step SECONDS] TENANT SELECTOR TYPE
//	    prints the sums over time
//	types TENANT, labels TENANT SELECTOR [NAME], series TENANT SELECTOR NAME...
//	    print profile types, names or values of labels, and series
//	http [-tenant TENANT] [-header NAME:VALUE] [-body FILE] METHOD PATH
//	    prints status and body of any answer
//	fill FILE BYTES
//	    makes a file of zeros
//
// What asks waits until there is an answer: with -want FILE until it is exactly
// that, with -has FILE until it has all those lines; with -within DURATION not
// for 20 seconds but for so long. With ! there must be none at once.
//
// Profiles are files: *.folded are stacks as in "main;serve 3", *.pb.gz are
// pprofs, which get the present as their time; others are sent as they are.
// What a profile measures follows from the beginning of the name: cpu, mem,
// block, mutex or goroutine. Those of tests/fixtures are at $FIXTURES.
package e2e
