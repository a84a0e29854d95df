package cost

// Prices are list prices in US dollars, us-east-1, without free tiers or
// discounts, as of 2026-09: the AWS price list for Lambda, API Gateway, S3,
// DynamoDB, SQS and Fargate. Other regions cost up to a third more.
type prices struct {
	lambdaRequest   float64
	lambdaGBSecond  []step // arm64, by GB seconds a month
	httpAPIRequest  []step // metered for each 512 KB
	sqsFIFORequest  float64
	s3Put, s3Get    float64
	s3GBMonth       []step
	dynamoWrite     float64 // a write unit: 1 KB; two in transactions
	dynamoRead      float64 // a strongly consistent read unit: 4 KB
	logsGB          float64
	metricMonth     float64
	alarmMonth      float64
	fargateCPUHour  float64 // arm64
	fargateGBHour   float64
	balancerHour    float64
	balancerLCUHour float64
}

// step is a price up to an amount.
type step struct{ upTo, price float64 }

const forEver = 1e300

func listPrices() prices {
	return prices{
		lambdaRequest:  0.20e-6,
		lambdaGBSecond: []step{{7.5e9, 1.33334e-5}, {18.75e9, 1.20001e-5}, {forEver, 1.06667e-5}},
		httpAPIRequest: []step{{300e6, 1.00e-6}, {forEver, 0.90e-6}},
		sqsFIFORequest: 0.50e-6,
		s3Put:          5e-6, s3Get: 0.4e-6,
		s3GBMonth:   []step{{50e3, 0.023}, {500e3, 0.022}, {forEver, 0.021}},
		dynamoWrite: 0.625e-6, dynamoRead: 0.125e-6,
		logsGB: 0.50, metricMonth: 0.30, alarmMonth: 0.10,
		fargateCPUHour: 0.03238, fargateGBHour: 0.00356,
		balancerHour: 0.0225, balancerLCUHour: 0.008,
	}
}

// tiered is what an amount costs when the first of it has another price than
// what follows.
func tiered(steps []step, amount float64) float64 {
	cost, from := 0.0, 0.0
	for _, s := range steps {
		if amount <= from {
			break
		}
		cost += (min(amount, s.upTo) - from) * s.price
		from = s.upTo
	}
	return cost
}
