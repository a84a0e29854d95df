package ingest

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/attime"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// labelSpy says which profiler took a profile.
const labelSpy = "pyroscope_spy"

// params are the parameters of /ingest. Others (units, aggregationType) say
// nothing that the rest does not say, and any may be empty or missing.
type params struct {
	app    string         // as in name, or __name__ in it
	labels profile.Labels // as in name, with service_name and pyroscope_spy; unsorted
	named  bool           // whether name gives a service_name
	from   time.Time
	until  time.Time
	rate   uint32 // samples a second; 0 if it is not known
	spy    string
	format string
}

// defaultRate is the sampleRate of clients that do not say.
const defaultRate = 100

// parseParams reads the query string, raw since names may hold anything.
func parseParams(rawQuery string, now time.Time) (*params, error) {
	app, labels, err := parseName(queryValue(rawQuery, "name"))
	if err != nil {
		return nil, err
	}
	p := &params{
		app: app, from: timeValue(rawQuery, "from", now), until: timeValue(rawQuery, "until", now),
		rate: defaultRate, spy: queryValue(rawQuery, "spyName"), format: queryValue(rawQuery, "format"),
	}
	if rate, err := strconv.ParseUint(queryValue(rawQuery, "sampleRate"), 10, 32); err == nil {
		p.rate = uint32(rate)
	}
	if p.spy == "" {
		p.spy = "unknown"
	}
	for _, l := range labels {
		if !strings.HasPrefix(l.Name, "__") || l.Name == profile.LabelSessionID {
			p.labels = append(p.labels, l)
			p.named = p.named || l.Name == profile.LabelServiceName
		}
	}
	p.labels = setDefault(p.labels, profile.LabelServiceName, app)
	p.labels = setDefault(p.labels, labelSpy, p.spy)
	return p, nil
}

// timeValue reads a point in time, by default now.
func timeValue(rawQuery, name string, now time.Time) time.Time {
	t, err := attime.Parse(queryValue(rawQuery, name), now)
	if err != nil {
		return now
	}
	return t
}

// queryValue returns the first value of a parameter. Unlike net/url, it gives
// what is badly escaped as it is, rather than losing it.
func queryValue(rawQuery, name string) string {
	for pair := range strings.SplitSeq(rawQuery, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key != name {
			continue
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			return plain
		}
		return value
	}
	return ""
}

// adjust corrects, in place, what is known to be wrong in profiles that SDKs
// send.
func (p *params) adjust(prof *pprof.Profile) *pprof.Profile {
	// Profiles that do not know when they were taken have times near 0.
	if time.Unix(0, prof.TimeNanos).UTC().Year() == 1970 {
		prof.TimeNanos = attime.UnixNano(p.from)
	}
	switch p.spy {
	case "pyspy", "rbspy", "scripting":
		nameFilesInFunctions(prof)
	}
	return prof
}

// nameFilesInFunctions puts the file before the name of each function: in
// scripting languages many functions bear the same name.
func nameFilesInFunctions(p *pprof.Profile) {
	for i := range p.Functions {
		f := &p.Functions[i]
		if file := p.Strings[f.Filename]; file != "" {
			p.Strings = append(p.Strings, file+" "+p.Strings[f.Name])
			f.Name = uint32(len(p.Strings) - 1)
		}
	}
}

// seriesLabels are the labels under which the profile is pushed.
func (p *params) seriesLabels(u upload, prof *pprof.Profile) profile.Labels {
	return append(p.labels, profile.Label{Name: profile.LabelName, Value: kindOf(prof.SampleTypes, u.sampleTypes)})
}
