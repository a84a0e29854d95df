package otlp

import (
	"encoding/json"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Status encodes a google.rpc.Status, the body of an error, in JSON or protobuf.
// code is one of gRPC.
func Status(code int, message string, asJSON bool) []byte {
	message = strings.ToValidUTF8(message, "\uFFFD")
	if asJSON {
		body, err := json.Marshal(struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		}{code, message})
		if err != nil { // a number and a string can always be encoded
			panic("BUG: encode status: " + err.Error())
		}
		return body
	}
	body := protowire.AppendTag(nil, 1, protowire.VarintType)
	body = protowire.AppendVarint(body, uint64(code))
	body = protowire.AppendTag(body, 2, protowire.BytesType)
	return protowire.AppendString(body, message)
}
