package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
)

// parseForm reads the form that the Go SDK sends: the profile and what the SDK
// says of its sample types. Without a profile there is nothing to be stored,
// which is no mistake.
func parseForm(body []byte, boundary string) (upload, error) {
	var out upload
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) && n > 0 {
			return out, nil
		}
		if err != nil {
			return upload{}, unfit("read form: " + err.Error())
		}
		switch part.FormName() {
		case "profile":
			out.profile, err = readPart(part)
		case "sample_type_config":
			out.sampleTypes, err = readSampleTypes(part)
		case "prev_profile":
			// Such clients leave it to the server to compute the difference.
			err = unfit("unsupported client: it sends prev_profile; please update it")
		}
		if err != nil {
			return upload{}, err
		}
	}
}

func readSampleTypes(part io.Reader) (map[string]sampleTypeConfig, error) {
	b, err := readPart(part)
	if err != nil || len(b) == 0 {
		return nil, err
	}
	var out map[string]sampleTypeConfig
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, unfit("read sample_type_config: " + err.Error())
	}
	return out, nil
}

// readPart reads a part of a form, which is in memory already.
func readPart(part io.Reader) ([]byte, error) {
	b, err := io.ReadAll(part)
	if err != nil {
		return nil, unfit("read form: " + err.Error())
	}
	return b, nil
}
