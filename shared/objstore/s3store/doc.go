// Package s3store is the adapter of objstore for Amazon S3 and what speaks its
// protocol: objects are objects of one bucket.
//
// How the guarantees are met:
//
//   - Durability, consistency and atomicity are those of S3.
//   - Immutability: every PUT carries "If-None-Match: *", so that it stores
//     nothing under a key that is taken. S3 then answers 412, and Put reads the
//     object to tell equal content from other. The same happens if the SDK sends
//     a PUT again whose answer was lost.
//   - Races: of several PUTs of one key at once S3 may answer some with 409 and
//     ask for them to be sent again. Put does that, up to maxAttempts.
//   - Cancellation: the SDK ends a request when its context ends.
//
// The function that uses it needs s3:PutObject and s3:GetObject for Put,
// s3:GetObject for Get and GetRange, s3:DeleteObject for Delete and
// s3:ListBucket for List. Without s3:ListBucket S3 answers 403 instead of 404
// for an object that does not exist, which is no ErrNotExist.
package s3store
