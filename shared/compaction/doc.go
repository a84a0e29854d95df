// Package compaction merges blocks into larger ones, level by level, so that
// their number stays bounded and what a query reads lies together. No answer
// changes by it, at no moment.
//
// [Plan] says, by the rows of the index alone, which blocks to merge: it is a
// pure function. [Compactor.Run] does one such job: it writes the merged
// object, then inserts its row, which names the sources; that one insert is the
// commit. Readers leave out rows that another row names. The sources stay where
// they are: package sweep deletes them later.
//
// Whatever call fails and wherever the process dies, nothing is lost and
// nothing is counted twice:
//
//   - before the insert nothing but an object without a row was made, which no
//     reader sees; the job is planned again or package sweep collects it;
//   - the id of a merged block, and with the same build of this code its bytes,
//     follow from its sources. Who does a job again, or at the same time as
//     another, writes the same key and the same row;
//   - the insert takes the sources (see package blockindex). If some were
//     replaced or deleted since the job was planned it is refused, and the job is
//     dropped ([ErrStale]). So any number of workers may plan and do jobs at
//     once, late or twice: a block is merged into one other, never into two.
package compaction
