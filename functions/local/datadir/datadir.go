// Package datadir names what is in the data directory of the local host. It is
// apart from the host so that tools that open such a directory need not link all
// functions.
package datadir

// ObjectsDir is the object store. Tools may read it while the host runs.
const ObjectsDir = "objects"

// RecordsFile is the record store. Tools may open it while the host runs.
const RecordsFile = "records.bolt"

// IndexFile is the block index. Tools may open it while the host does not run.
const IndexFile = "index.bolt"
