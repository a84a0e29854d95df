// Package bench measures what profiles cost on their way through the program:
// taken in, written to segments, merged to blocks, and queried. RESULTS.md has
// the figures, and how to get them again.
//
//	go test -run '^$' -bench . ./tests/bench
//
// The benchmarks run the packages that the functions run, on a directory in
// place of a bucket and without HTTP connections; the handlers are called with
// requests, so that decoding and encoding are counted. CPU time is that of the
// whole process (getrusage), garbage collection included: unlike the time by
// the clock it means something on a machine that does other things as well.
//
// What is measured is a corpus of pushed profiles. If PYROCUMULUS_CORPUS names
// a directory it is read from there (see corpus_test.go for the form),
// otherwise a small one is made from the profiles in tests/fixtures. The line
// "corpus:" of the output says which; figures of different ones cannot be
// compared.
package bench
