// Package selector reads and applies the label selectors of queries: the
// matchers of a PromQL instant selector, such as
// {service_name="checkout", namespace=~"prod|staging"}.
//
// It knows nothing of time ranges, functions or anything else of PromQL.
package selector
