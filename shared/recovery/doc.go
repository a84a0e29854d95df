// Package recovery looks at what is stored and mends what can be mended: it
// rebuilds the block index from the objects ([Reindex]), compares the two
// ([Verify]) and tells what is in a block ([Inspect]). The commands of these
// names of scripts/pyrocumulus are its callers.
//
// It lists the whole object store, and reads the description at the end of each
// block: 1 request for 1000 objects, and 1 or 2 for each block.
package recovery
