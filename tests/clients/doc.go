// Package clients runs what functions/ingest/README.md tells users to paste: the
// snippets below its heading "SDKs" are taken out of it as they stand, put into
// small programs, and run with the real SDKs against a host that wants tokens.
// What the programs did must then be found, by their tenant alone. It is all
// tests.
//
// Go and Node.js run with all other tests. For the rest
//
//	make test-clients
//
// needs Python 3, a JDK, Maven, Rust, a C compiler and curl; then a tool that is
// missing is a failure. The SDKs are installed by the tests, at the versions
// that the folders here pin (that for Go in go.mod), into a cache:
// PYROCUMULUS_CLIENTS_CACHE, by default ~/.cache/pyrocumulus/clients. A folder
// there is named by the digest of what pins it, and may be deleted at any time.
package clients
