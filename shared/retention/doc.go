// Package retention says which profiles count: how long those of a tenant or of
// a service are kept, and which services were deleted.
//
// To delete a service is to write down when: its profiles with an earlier time
// do not count any more, wherever they are or come from, while later ones do.
// Retention is the same with a time that moves. Both make a [block.Bound], which
// says from when on the profiles of each service count. Queries keep to it from
// the moment that it changes; storage follows: merging leaves out what does not
// count, the planner has blocks written anew that are not merged any more, and
// the sweeper deletes those of which nothing counts.
//
// The rules of a tenant are records of the kind [Kind]. Whoever needs them reads
// them anew, all with one consistent List, so that an answer that begins after
// a deletion knows of it.
package retention
