package lambdabackend

// Rights are the actions of IAM that each method needs, on the function; it also
// reads from the store that it was given, and puts large requests there.
func Rights() map[string][]string {
	return map[string][]string{"Ask": {"lambda:InvokeFunction"}, "Start": {"lambda:InvokeFunction"}}
}
