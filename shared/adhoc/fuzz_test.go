package adhoc

import "testing"

func FuzzParse(f *testing.F) {
	f.Add([]byte("a;b 3\n"))
	f.Add([]byte("app 1/2 [001] 12.5: cycles:\n\t 5500 main (/bin/app)\n"))
	f.Add([]byte(`{"flamebearer":{"names":["total","a"],"levels":[[0,2,1,0],[0,1,1,1]]}}`))
	f.Add([]byte(`{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"a"}]},"profiles":[]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		graphs, err := parse(file)
		if err != nil && graphs != nil {
			t.Fatal("graphs beside an error")
		}
		for _, g := range graphs {
			g.tree.FlameGraph(100)
		}
	})
}
