package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
)

const (
	floodSenders = 32
	// floodSeries is over how many series, and so message groups, a flood is
	// spread.
	floodSeries = 10
)

// flood sends profiles at once, each with a stack of its own and the value 1,
// so that an answer shows of each whether it is there, once. With -kill-after
// the host is killed when so many have been answered; the others may be there
// or not. Repeated, it sends the same profiles again.
func (c *call) flood() {
	killAfter := c.flags.Int("kill-after", 0, "")
	c.parse(2)
	count, err := strconv.Atoi(c.args[1])
	c.ts.Check(err)
	url, victim := c.url(), c.server
	var mu sync.Mutex
	var acknowledged []string
	var failed error
	work := make(chan int)
	var senders sync.WaitGroup
	for range floodSenders {
		senders.Go(func() {
			for i := range work {
				err := c.floodOne(url, i)
				mu.Lock()
				if err == nil {
					acknowledged = append(acknowledged, floodStack(i))
				} else {
					failed = err
				}
				if len(acknowledged) == *killAfter {
					go victim.kill()
				}
				mu.Unlock()
			}
		})
	}
	var all []string
	for i := range count {
		all = append(all, floodStack(i))
		work <- i
	}
	close(work)
	senders.Wait()
	if *killAfter == 0 {
		c.ts.Check(failed)
	} else {
		<-victim.exited
		c.server = nil
	}
	fmt.Fprintf(c.ts.Stdout(), "%d of %d acknowledged\n", len(acknowledged), count)
	slices.Sort(acknowledged)
	c.write("sent", all)
	c.write("acknowledged", acknowledged)
}

func floodStack(i int) string { return fmt.Sprintf("flood;push%05d 1", i) }

func (c *call) floodOne(url string, i int) error {
	at := c.now.Add(-time.Duration(i) * time.Millisecond)
	content, err := foldedProfile(kindOf("cpu"), floodStack(i), at)
	if err != nil {
		return err
	}
	labels := append([]string{"__name__=process_cpu", fmt.Sprintf("pod=pod-%d", i%floodSeries)}, c.args[2:]...)
	return post(url, c.args[0], "proto", &pushv1.PushRequest{
		Series: []*pushv1.RawProfileSeries{rawSeries(content, labels)},
	})
}

func (c *call) write(file string, text []string) {
	c.ts.Check(os.WriteFile(c.path(file), []byte(strings.Join(text, "\n")+"\n"), 0o644))
}
