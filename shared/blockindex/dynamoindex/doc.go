// Package dynamoindex is the adapter of blockindex for Amazon DynamoDB.
//
// The table has a partition key "pk" and a sort key "sk", both strings, and no
// index. Its items:
//
//	pk                  sk                     what
//	TENANT#row#BUCKET   MINTIME#ID             a row; BUCKET is that of its MinTime, 6 hours long
//	TENANT#id           ID                     where the row of this id is, and which row took it
//	TENANT#buckets      BUCKET                 the tenant has, or had, rows in this bucket
//	tenants             TENANT                 the tenant has, or had, rows
//
// Numbers are filled up with zeros, so that they sort; "#" stands in no tenant.
//
// How it works, and what it costs on demand (WRU and RRU are the write and
// read units of DynamoDB; a transaction takes twice the units):
//
//   - Insert writes the row and its id in one transaction, on the condition that
//     the id is not there. An id must be unique whatever the row's time, and
//     DynamoDB knows uniqueness of keys only, so that one put of the row alone
//     will not do. A row of up to 1 KB takes 4 WRU, each further KB 2 more.
//   - The same transaction notes with the id of each source who took it, on the
//     condition that the id is there and nobody else did: 2 WRU a source. The
//     ids are small, so that this does not depend on the size of the rows.
//   - The transaction is what commits: a row is found, its sources are taken and
//     it can be deleted, or none of it.
//   - Delete needs the row's time, which the id tells: 1 RRU, and as many WRU as
//     Insert. It takes place row by row.
//   - Find queries the buckets from MaxSpan before the range to its end, several
//     at once, 1 MB a page. If they are more than maxBuckets it asks first which
//     of them the tenant has. A query takes 1 RRU for each 4 KB, at least one.
//   - All queries all buckets that the tenant has or had.
//   - Tenants queries the tenants and whether each has an id.
//
// All reads are consistent ones, which is why there is no secondary index.
//
// Buckets and tenants are marked before the first row that needs it, 1 WRU
// each, and never unmarked, so that an Index can remember what it has marked.
// That is an item of some 50 bytes every 6 hours for each tenant.
//
// The ids of a tenant share a partition. DynamoDB takes 1,000 WRU a second for
// each partition: 500 inserts a second and tenant, of which each that is merged
// later takes one more.
//
// DynamoDB reads what is committed, but a Find is several queries, between
// which rows may come and go. That does no harm as long as rows live longer
// than a Find takes, once they have been inserted and once they have been
// replaced: whoever replaces a row must leave it there for some minutes.
//
// If transactions meet on one item DynamoDB cancels one and expects it to be
// sent again; Insert and Delete do that, up to maxAttempts.
//
// The function that uses it needs dynamodb:PutItem, dynamodb:GetItem,
// dynamodb:UpdateItem and dynamodb:DeleteItem, which cover transactions, and
// dynamodb:Query.
package dynamoindex
