// Package adhoc serves adhocprofiles.v1.AdHocProfileService: files that people
// upload to look at, one by one or two side by side. They are kept apart from
// the profiles of services: no query finds them, and no retention drops them.
//
// A file is an object under the tenant's prefix, and a record says its name and
// when it came. The object is written first, so that a record never names one
// that is not there.
package adhoc
