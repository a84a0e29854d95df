package cost

import (
	"fmt"
	"io"
	"math"
)

// Comparison is the bill, what would change it, and Pyroscope's.
type Comparison struct {
	Fleet     Fleet   `json:"fleet"`
	Here      Bill    `json:"pyrocumulus"`
	Levers    []Lever `json:"levers"`
	Size      string  `json:"pyroscopeSize"`
	Pyroscope Bill    `json:"pyroscope"`
}

// Lever is something to change, and the bill if only it is changed.
type Lever struct {
	Name  string  `json:"name"`
	Total float64 `json:"totalUsd"`
}

// relayPods is how many pods a relay on each node gathers profiles of.
const relayPods = 20

func compare(p prices, f Fleet, d Deployment) Comparison {
	c := Comparison{Fleet: f, Here: bill(p, f, d)}
	c.Size, c.Pyroscope = pyroscope(p, f)
	lever := func(name string, change func(*Fleet, *Deployment)) {
		f, d := f, d
		change(&f, &d)
		if f.validate() == nil {
			c.Levers = append(c.Levers, Lever{name, bill(p, f, d).Total})
		}
	}
	if !d.FunctionURL {
		lever("a function URL instead of the HTTP API", func(_ *Fleet, d *Deployment) { d.FunctionURL = true })
	}
	if f.Pack < f.Types {
		lever(fmt.Sprintf("one request for the %d profiles of an interval", f.Types), func(f *Fleet, _ *Deployment) { f.Pack = f.Types })
	}
	packed := min(relayPods*f.Types, 4<<20/f.Bytes)
	if f.Pack < packed && f.Pods >= relayPods {
		lever(fmt.Sprintf("a relay that packs %d profiles into a request", packed), func(f *Fleet, _ *Deployment) { f.Pack = packed })
		lever("such a relay and a function URL", func(f *Fleet, d *Deployment) { f.Pack, d.FunctionURL = packed, true })
	}
	if d.LogBytes > 0 {
		lever("no log line for each push (log level warn)", func(_ *Fleet, d *Deployment) { d.LogBytes = 0 })
	}
	lever("profiles every twice the interval", func(f *Fleet, _ *Deployment) { f.Interval *= 2 })
	return c
}

func (c Comparison) print(w io.Writer) error {
	f := c.Fleet
	fmt.Fprintf(w, "%d pods of %d services, %d profiles each every %v, %d in a request: %s profiles a month\n",
		f.Pods, f.Services, f.Types, f.Interval, f.Pack, quantity(f.profiles()))
	fmt.Fprintf(w, "US dollars a month, list prices of us-east-1, no free tiers\n\n")
	printBill(w, "Pyrocumulus", c.Here)
	fmt.Fprintln(w, "if only this changes")
	for _, l := range c.Levers {
		fmt.Fprintf(w, "  %-48s %10.2f  %+.0f %%\n", l.Name, l.Total, (l.Total/c.Here.Total-1)*100)
	}
	fmt.Fprintln(w)
	printBill(w, "Grafana Pyroscope on Fargate, sizing guide: "+c.Size, c.Pyroscope)
	_, err := fmt.Fprintln(w, c.verdict())
	return err
}

func printBill(w io.Writer, title string, b Bill) {
	fmt.Fprintln(w, title)
	for _, l := range b.Lines {
		fmt.Fprintf(w, "  %-30s %10.2f  %s\n", l.Name, l.USD, l.Basis)
	}
	fmt.Fprintf(w, "  %-30s %10.2f\n\n", "total", b.Total)
}

// verdict says which is cheaper. What it costs to operate a cluster is in
// neither bill.
func (c Comparison) verdict() string {
	ratio := c.Here.Total / c.Pyroscope.Total
	switch {
	case ratio < 0.9:
		return fmt.Sprintf("Pyrocumulus costs %.0f %% of Pyroscope on Fargate for this fleet.", ratio*100)
	case ratio <= 1.1:
		return "Both cost the same for this fleet, within what this arithmetic can tell."
	default:
		return fmt.Sprintf("Pyroscope on Fargate is cheaper for this fleet: Pyrocumulus costs %.1f times as much, before the work of operating either.", ratio)
	}
}

// quantity writes a number with three digits and a unit for its size.
func quantity(n float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if math.Abs(n) >= u.size {
			return fmt.Sprintf("%.3g%s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.3g", n)
}

// quantityf is fmt.Sprintf with quantities.
func quantityf(format string, n ...float64) string {
	args := make([]any, len(n))
	for i := range n {
		args[i] = quantity(n[i])
	}
	return fmt.Sprintf(format, args...)
}
