package cost

// component is a part of Grafana Pyroscope as its sizing guide has it.
type component struct {
	name   string
	count  int
	cpu    float64 // vCPU
	memory float64 // GB
}

// sizing returns the guide's components for a number of services, rounded up
// to what Fargate offers (half a vCPU takes at least 1 GB).
func sizing(services int) (size string, parts []component) {
	switch {
	case services < 50:
		return "small (fewer than 50 services)", []component{
			{"distributor", 2, 0.5, 1}, {"ingester", 3, 1, 2}, {"compactor", 1, 1, 2}, {"querier", 2, 1, 2},
			{"query frontend", 2, 0.5, 1}, {"query scheduler", 2, 0.25, 0.5}, {"store gateway", 2, 1, 2},
		}
	case services <= 200:
		return "medium (50 to 200 services)", []component{
			{"distributor", 3, 1, 2}, {"ingester", 3, 2, 8}, {"compactor", 1, 4, 8}, {"querier", 3, 2, 4},
			{"query frontend", 2, 1, 2}, {"query scheduler", 2, 0.5, 1}, {"store gateway", 2, 2, 8},
		}
	default:
		return "large (more than 200 services)", []component{
			{"distributor", 5, 2, 4}, {"ingester", 6, 4, 16}, {"compactor", 2, 8, 16}, {"querier", 5, 4, 8},
			{"query frontend", 3, 2, 4}, {"query scheduler", 2, 1, 2}, {"store gateway", 4, 4, 16},
		}
	}
}

// pyroscopeBytes is what Pyroscope v2.2 keeps of a profile of this corpus once
// compaction has settled.
const pyroscopeBytes = 1800.0

// pyroscope is the month of Grafana Pyroscope on Fargate arm64 behind a load
// balancer, by the guide alone: whether these sizes hold the fleet is not
// checked, and whoever operates it is not in the bill.
func pyroscope(p prices, f Fleet) (string, Bill) {
	size, parts := sizing(f.Services)
	var b Bill
	var cpu, memory float64
	for _, c := range parts {
		cpu += float64(c.count) * c.cpu
		memory += float64(c.count) * c.memory
	}
	b.add("Fargate", 730*(cpu*p.fargateCPUHour+memory*p.fargateGBHour), quantityf("%s vCPU, %s GB", cpu, memory))
	pushed := f.profiles() * float64(f.Bytes) / 1e9
	units := max(1, pushed/730, f.requests()/monthSeconds/25)
	b.add("load balancer", 730*(p.balancerHour+units*p.balancerLCUHour), quantityf("%s capacity units", units))
	gb := f.profiles() * pyroscopeBytes / 1e9 * float64(f.Days) * 24 / 730
	b.add("S3 storage", tiered(p.s3GBMonth, gb), quantityf("%s GB", gb))
	// A segment each half second of each ingester's shards.
	puts := monthSeconds * 2.0 * 1.2
	b.add("S3 requests", puts*p.s3Put, quantityf("%s puts", puts))
	return size, b
}
