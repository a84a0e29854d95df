// Package simulation runs the whole way of profiles, from the clients' pushes
// to the answers of queries, through thousands of invented histories, and
// compares every answer with a plain model: what was acknowledged counts
// exactly once.
//
//	go test ./tests/simulation                       # some hundred histories
//	go test ./tests/simulation -histories 10000      # as make simulation does
//	go test ./tests/simulation -seed 4711 -histories 1 -v    # one again, call by call
//
//	go test ./tests/simulation -run Soak -soak 24h -v        # one long life, as make soak does
//
// A history has clients, which push and push again, scheduled drainers, of
// which several run at once, a compactor, a sweeper and readers. All of it is
// the code of the functions, over stores in memory. It runs in a bubble of
// testing/synctest: time passes only when everybody waits, so that hours take
// milliseconds.
//
// Every call to the queue, the store and the index goes over a stage
// (stage_test.go), which lets one take place at a time, in an order that follows
// from the seed. It lets calls fail, with and without effect, take long, take
// effect after their callers have given up, and processes die at them. The same
// seed gives the same history, whatever the machine does.
//
// A soak (soak_test.go) is one long life instead of many short ones, with the
// whole of merging: planner, jobs, several workers at once, sweepers, and the query
// API with its caches. It bounds how many blocks there are, and looks at what is
// left in the end. The same questions are asked of the local host in real time
// (live_test.go).
//
// What a process may do is in actors_test.go, what must be true in
// model_test.go. To add an actor, start it with world.spawn and give it contracts
// by process.queue, process.store and process.index.
package simulation
