package ingest

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"slices"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/recording"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// labelJFREvent says what the profiler of a recording was set to.
const labelJFREvent = "jfr_event"

// jfr takes in the profiles of a recording of the Java Flight Recorder: the
// body itself, or part of a form along with the labels that its samples have.
func (in *intake) jfr(p *params, contentType string, body []byte) error {
	data, labels := body, []byte(nil)
	if mediaType, typeParams, _ := mime.ParseMediaType(contentType); mediaType == "multipart/form-data" {
		var err error
		if data, labels, err = parseJFRForm(body, typeParams["boundary"]); err != nil {
			return err
		}
	}
	data, err := unpackPart(data, in.h.settings.MaxBodyBytes)
	if err != nil {
		return err
	}
	if len(data) == 0 { // nothing recorded, nothing to store
		return nil
	}
	options := recording.Options{Limits: in.limits.Profile, Rate: p.rate}
	if len(labels) > 0 {
		if labels, err = unpackPart(labels, min(in.h.settings.MaxBodyBytes, recording.MaxLabelsBytes)); err != nil {
			return err
		}
		if options.Labels, err = recording.ReadLabels(labels); err != nil {
			in.refuseAll(p.labels, err)
			return nil
		}
	}
	read, err := recording.Read(data, options)
	if err != nil {
		in.refuseAll(p.labels, err)
		return nil
	}
	for _, prof := range read.Profiles {
		ls := p.jfrLabels(prof.Name, read.Event)
		if prof.Err != nil {
			in.refuseAll(ls, prof.Err)
			continue
		}
		in.decoded(ls, p.timed(prof.Profile))
	}
	return nil
}

// refuseAll refuses a profile that could not be read.
func (in *intake) refuseAll(sent profile.Labels, err error) {
	ls, _ := in.limits.series(sent)
	in.total++
	in.refused.add(ls, err)
}

// jfrLabels are the labels of a profile of a recording.
func (p *params) jfrLabels(name, event string) profile.Labels {
	ls := append(slices.Clip(p.labels), profile.Label{Name: profile.LabelName, Value: name})
	if p.named {
		ls = setDefault(ls, labelAppName, p.app)
	}
	if event != "" {
		ls = setDefault(ls, labelJFREvent, event)
	}
	return ls
}

// parseJFRForm reads the form that the Java agent sends.
func parseJFRForm(body []byte, boundary string) (data, labels []byte, err error) {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) && data != nil {
			return data, labels, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, nil, unfit("read form: there is no part jfr")
		}
		if err != nil {
			return nil, nil, unfit("read form: " + err.Error())
		}
		switch part.FormName() {
		case "jfr":
			data, err = readPart(part)
		case "labels":
			labels, err = readPart(part)
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// unpackPart unpacks gzip. What is not fit to be unpacked is an unfit profile.
func unpackPart(data []byte, limit int64) ([]byte, error) {
	plain, err := inflated(data, limit)
	if connectError := new(connect.Error); errors.As(err, &connectError) {
		return nil, unfit(connectError.Message())
	}
	return plain, err
}
