package dynamoindex

// Rights are the actions of IAM that each method needs, on the table.
func Rights() map[string][]string {
	const get, query, put = "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"
	return map[string][]string{
		"Insert":  {get, put, "dynamodb:UpdateItem"}, // which takes the sources
		"Find":    {query},
		"All":     {query},
		"Tenants": {query},
		"Delete":  {get, "dynamodb:DeleteItem"},
	}
}
