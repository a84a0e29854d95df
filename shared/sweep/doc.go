// Package sweep deletes what nobody needs any more: blocks that others have
// replaced, blocks of which nothing counts any more (see package retention), and
// objects that no row
// of the index names.
//
// The order of steps keeps every answer as it is, wherever the process dies:
//
//   - A replaced block stays for a delay after the commit of what replaces it,
//     since a query that was planned before may still read it. The segment
//     function, too, looks for a message that it receives once more among the
//     blocks of level 0: the delay must be longer than it can take until a
//     message that was stored and not deleted is received again.
//   - The row goes first, then the object. No row ever points at an object that
//     is not there; what is left over is an object without a row.
//   - A row is deleted only after all that it replaces is gone. Else they would
//     be found again, beside the block that has their profiles by now.
//   - An object without a row, or one that its block's row does not name, is
//     deleted when it is some time old and cannot get a row any more. One that compaction wrote before it died can, as long
//     as all its sources are there: the same job is planned again, and its
//     object is found to be there already.
//   - The answers of query workers that were too large to be returned are garbage
//     when they were read; they go when they are as old as such an object.
//   - Kept results of queries go after a day, used or not.
//   - Expired rows go at once, their objects only a delay later, again for the
//     queries that were planned before.
package sweep
