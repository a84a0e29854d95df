// Package flamegraph sums stack traces into prefix trees of function names and
// renders them as clients want them: flame graphs, comparisons of two, tree
// bytes, folded text.
//
// It is the hot path of queries: a tree is a few flat arrays and one hash
// table. What is rendered is a function of the stacks and their values alone:
// neither the order in which they were added nor how trees were merged shows.
package flamegraph
