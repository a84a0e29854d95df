package dynamorecords

// Rights are the actions of IAM that each method needs, on the table.
func Rights() map[string][]string {
	const get, query, update = "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"
	return map[string][]string{
		"Get":    {get},
		"List":   {query},
		"Put":    {update},
		"Delete": {update}, // leaves its version behind
		"Add":    {update},
	}
}
