// Package gateway is an API Gateway HTTP API on a laptop: it turns HTTP
// requests into the events that Lambda functions get, and their answers back,
// so that the functions run unchanged in one process.
//
// It keeps the limits of the real one, and what the real one loses is lost
// here: bodies of 10 MB, events of 6 MB, 10 kB of request line and headers,
// 30 seconds. Where the real gateway's own answer would make clients send a
// hopeless request again, this one is kinder and gives a code and advice.
package gateway
