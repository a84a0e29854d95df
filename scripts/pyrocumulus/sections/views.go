package sections

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
)

// links lists the columns of each section that hold ids.
func links() []struct {
	section block.Section
	ids     []string
} {
	return []struct {
		section block.Section
		ids     []string
	}{
		{block.KindsSection, []string{"kind"}},
		{block.SeriesSection, []string{"series", "kind"}},
		{block.FramesSection, []string{"location"}},
		{block.StacksSection, []string{"stack", "parent", "location"}},
		{block.ProfilesSection, []string{"profile", "kind", "series"}},
		{block.SamplesSection, []string{"profile", "stack"}},
		{block.BucketsSection, []string{"bucket", "kind", "series"}},
		{block.SumsSection, []string{"bucket", "stack"}},
	}
}

// viewsSQL is a script for DuckDB that makes a view of each section over all
// objects of blocks, which lie below dir. To keep ids apart, the objects are
// numbered, and the number becomes the upper half of each id; -1, which stands
// for nothing, stays.
func viewsSQL(dir string, metas []*block.Meta) string {
	var sql strings.Builder
	var objects []string
	for _, m := range metas {
		for _, key := range m.Keys() {
			objects = append(objects, path.Base(key))
		}
	}
	sql.WriteString("-- Views of the sections of several blocks, for DuckDB. Ids are unique over all blocks.\n")
	sql.WriteString("CREATE OR REPLACE TABLE blocks (block VARCHAR, base BIGINT);\nINSERT INTO blocks VALUES\n")
	for i, name := range objects {
		fmt.Fprintf(&sql, "  (%s, %d::BIGINT << 32)%s\n", quote(name), i, separator(i, len(objects), ",", ";"))
	}
	for _, link := range links() {
		objects := objectsWith(link.section, metas)
		if len(objects) == 0 {
			continue
		}
		fmt.Fprintf(&sql, "CREATE OR REPLACE VIEW %s AS\nSELECT * EXCLUDE (base, filename) REPLACE (\n", link.section)
		for i, id := range link.ids {
			fmt.Fprintf(&sql, "  CASE WHEN %[1]s < 0 THEN -1 ELSE base + %[1]s END AS %[1]s%[2]s\n", id, separator(i, len(link.ids), ",", ")"))
		}
		sql.WriteString("FROM read_parquet([\n")
		for i, name := range objects {
			file := filepath.Join(dir, name, link.section.String()+".parquet")
			fmt.Fprintf(&sql, "  %s%s\n", quote(file), separator(i, len(objects), ",", "], filename = true)"))
		}
		sql.WriteString("JOIN blocks ON block = parse_path(filename)[-2]")
		if link.section == block.ProfilesSection {
			// A crash can leave a block behind whose profiles were then stored
			// again; an id stands for what was pushed once.
			sql.WriteString("\nQUALIFY split_part(block, '.', 1) = min(split_part(block, '.', 1)) OVER (PARTITION BY id)")
		}
		sql.WriteString(";\n")
	}
	return sql.String()
}

// objectsWith returns the names of the objects that have a section: only merged
// blocks have sums.
func objectsWith(s block.Section, metas []*block.Meta) (out []string) {
	for _, m := range metas {
		for i, key := range m.Keys() {
			if s < block.BucketsSection || m.Volumes[i].Sections[s].Length > 0 {
				out = append(out, path.Base(key))
			}
		}
	}
	return out
}

// separator is between, or at the end last.
func separator(i, n int, between, last string) string {
	if i == n-1 {
		return last
	}
	return between
}

// quote makes a string of SQL.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
