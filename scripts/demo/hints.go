package main

import (
	"fmt"
	"io"
	"strings"
)

// textWidth is the width of the flame graph in characters.
const textWidth = 118

// shown is the flame graph that is printed.
func shown() question {
	return question{"demo-shop", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"}
}

// printHints prints commands to go on with.
func (s *server) printHints(out io.Writer, w window) {
	fmt.Fprint(out, "Ask for more, for instance for the memory that demo-shop holds, or for its CPU time by pod:\n\n")
	s.printCurl(out, "SelectMergeStacktraces", fmt.Sprintf(
		`{"profile_typeID": "memory:inuse_space:bytes:space:bytes", "label_selector": "{service_name=\"demo-shop\"}", "start": %d, "end": %d}`,
		w.from.UnixMilli(), w.to.UnixMilli()))
	s.printCurl(out, "SelectSeries", fmt.Sprintf(
		`{"profile_typeID": "%s", "label_selector": "{service_name=\"demo-shop\"}", "group_by": ["pod"], "step": %g, "start": %d, "end": %d}`,
		shown().profileType, interval.Seconds(), w.from.UnixMilli(), w.to.UnixMilli()))
	s.printCurl(out, "Series", fmt.Sprintf(
		`{"label_names": ["service_name", "__profile_type__"], "start": %d, "end": %d}`,
		w.from.UnixMilli(), w.to.UnixMilli()))
	fmt.Fprintf(out, "\nOpen %s/?service=%s in a browser to see them all.\n", s.url, shown().service)
	fmt.Fprintf(out, "In Grafana, add %s as a data source of type Grafana Pyroscope and look at Explore or Drilldown.\n", s.url)
}

func (s *server) printCurl(out io.Writer, method, body string) {
	var header string
	if s.tenant != "" {
		header = "-H " + quote("X-Scope-OrgID: "+s.tenant) + " "
	}
	if s.token != "" {
		header += `-H "Authorization: Bearer $` + tokenVariable + `" `
	}
	fmt.Fprintf(out, "  curl -s %s-H 'Content-Type: application/json' %s \\\n    -d %s\n",
		header, quote(s.url+"/querier.v1.QuerierService/"+method), quote(body))
}

// quote makes one word of a text for the shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
