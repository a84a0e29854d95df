// Package dynamorecords is the adapter of the record store for Amazon DynamoDB.
//
// The table has a partition key "pk" and a sort key "sk", both strings, no
// index, and time to live on the attribute "exp"; see [Table]. Its items:
//
//	pk               sk   what
//	TENANT#v#KIND    KEY  a record: "v" its version, "data" its value
//	TENANT#n#KIND    KEY  a counter: "n" its total
//
// "#" stands in no tenant. Both have "exp", the Unix time in seconds from when
// on they are not there, if they expire.
//
// How it works, and what it costs on demand (WRU and RRU are the write and read
// units of DynamoDB):
//
//   - All reads are consistent ones: 1 RRU for each 4 KB.
//   - Put and Delete are one conditional update each, Add is an atomic addition:
//     1 WRU for each KB. Delete leaves an empty item that has expired.
//   - DynamoDB deletes what has expired within some days, not at once. Until
//     then reads pass over it and writes take it for absent, by our own clock: a
//     process whose clock is wrong sees records come and go at the wrong time.
//   - The versions of a record begin with the time in microseconds and go on as
//     long as its item is there, which is some minutes longer than the record
//     at least. So they grow also from one item to the next, unless clocks
//     differ by more, or a record is put a million times a second.
//   - The SDK sends a request again that was not answered. A Put or a Delete
//     leaves a random mark in the item, by which it knows its own; an Add is
//     sent again only after an answer which says that nothing happened.
//
// The function that uses it needs dynamodb:GetItem, dynamodb:Query and
// dynamodb:UpdateItem.
package dynamorecords
