package sections

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
)

// listedBlocks is how many blocks are listed, the newest ones.
const listedBlocks = 10

// totalsSQL asks what was sent by whom.
const totalsSQL = `SELECT l.value AS service, k.name, k.sample_type, k.sample_unit, count(*) AS profiles,
  sum(CASE k.value WHEN 0 THEN total_0 WHEN 1 THEN total_1 WHEN 2 THEN total_2 ELSE total_3 END)::BIGINT AS total
FROM profiles p JOIN kinds k USING (kind) JOIN series l ON l.series = p.series AND l.name = 'service_name'
GROUP BY ALL ORDER BY ALL`

// report tells what was written and how to look at it.
func report(out io.Writer, dir, views string, metas []*block.Meta) {
	fmt.Fprintf(out, "Wrote the sections of %d blocks to %s:\n\n", len(metas), dir)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  block\tlevel\tfrom\tto\tprofiles\tsamples\tbytes")
	if hidden := len(metas) - listedBlocks; hidden > 0 {
		fmt.Fprintf(table, "  … and %d older ones\n", hidden)
		metas = metas[hidden:]
	}
	at := func(nanos int64) string { return utc(nanos).Format(time.RFC3339) }
	for _, m := range metas {
		fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%d\t%d\t%d\n", m.ID, m.Level, at(m.MinTime), at(m.MaxTime), m.Profiles, m.Samples, m.Size)
	}
	table.Flush()
	fmt.Fprintf(out, "\nOpen all of them in DuckDB, as the tables kinds, series, frames, stacks, profiles and samples:\n\n"+
		"  duckdb -init %s\n\nand ask, for instance, what was sent by whom:\n\n%s;\n", word(views), totalsSQL)
	newest := filepath.Join(dir, path.Base(metas[len(metas)-1].Key()))
	fmt.Fprintf(out, "\nIn the files themselves ids count from 0 in each directory, so ask one at a time:\n\n"+
		"  cd %s && duckdb -c \"SELECT * FROM 'profiles.parquet' LIMIT 10\"\n", word(newest))
}

// word makes one word of a text for the shell.
func word(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func utc(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

// result is what was written, for programs.
type result struct {
	Directory string    `json:"directory"`
	Views     string    `json:"views"`
	Blocks    []oneDone `json:"blocks"`
}

type oneDone struct {
	ID          string    `json:"id"`
	Level       int       `json:"level"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Profiles    int64     `json:"profiles"`
	Samples     int64     `json:"samples"`
	Bytes       int64     `json:"bytes"`
	Directories []string  `json:"directories"` // one for each object
}

func written(dir, views string, metas []*block.Meta) result {
	r := result{Directory: dir, Views: views}
	for _, m := range metas {
		one := oneDone{ID: m.ID, Level: m.Level, From: utc(m.MinTime), To: utc(m.MaxTime), Profiles: m.Profiles, Samples: m.Samples, Bytes: m.Size}
		for _, key := range m.Keys() {
			one.Directories = append(one.Directories, filepath.Join(dir, path.Base(key)))
		}
		r.Blocks = append(r.Blocks, one)
	}
	return r
}
