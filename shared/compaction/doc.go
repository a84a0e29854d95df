// Package compaction merges blocks into larger ones, level by level, so that
// their number stays bounded and what a query reads lies together. No answer
// changes by it, at no moment.
//
// [Plan] says, by the rows of the index alone, which blocks to merge: it is a
// pure function. [Compactor.Run] does one such job: it writes the merged
// objects, then inserts one row, which names the sources; that one insert is the
// commit. Readers leave out rows that another row names. The sources stay where
// they are: package sweep deletes them later.
//
// Whatever call fails and wherever the process dies, nothing is lost and
// nothing is counted twice:
//
//   - before the insert nothing but objects without a row were made, which no
//     reader sees; the job is planned again or package sweep collects it;
//   - the id of a merged block, and with the same build of this code its bytes,
//     follow from its sources, and the keys of its objects from their bytes. Who
//     does a job again, or at the same time as another, writes the same objects
//     and the same row; another build writes objects of its own, and those that
//     the row does not name are collected;
//   - the insert takes the sources (see package blockindex). If some were
//     replaced or deleted since the job was planned it is refused, and the job is
//     dropped ([ErrStale]). So any number of workers may plan and do jobs at
//     once, late or twice: a block is merged into one other, never into two.
package compaction
