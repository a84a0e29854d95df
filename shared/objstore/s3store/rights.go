package s3store

// Rights are the actions of IAM that each method needs, on the objects or, for
// s3:ListBucket, on the bucket: without that S3 answers 403 for an object that is
// not there, and readers could not tell it from trouble.
func Rights() map[string][]string {
	const get, put, list = "s3:GetObject", "s3:PutObject", "s3:ListBucket"
	return map[string][]string{
		"Get":        {get, list},
		"GetRange":   {get, list},
		"Put":        {put, get, list}, // compares with what is there
		"Delete":     {"s3:DeleteObject"},
		"List":       {list},
		"PresignPut": {put},
	}
}
