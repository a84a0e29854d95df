package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// http sends any request and prints the status and the body of the answer. In
// a body $FROM and $TO are the hours before and after the present, in Unix
// milliseconds.
func (c *call) http() {
	header := make(http.Header)
	c.flags.Func("header", "", func(line string) error {
		name, value, _ := strings.Cut(line, ":")
		header.Set(name, strings.TrimSpace(value))
		return nil
	})
	tenant := c.flags.String("tenant", "-", "")
	bodyFile := c.flags.String("body", "", "")
	from, to := c.at("from", -time.Hour), c.at("to", time.Hour)
	c.parse(2)
	var body string
	if *bodyFile != "" {
		body = string(c.file(*bodyFile))
		if strings.HasSuffix(*bodyFile, ".json") {
			body = os.Expand(body, func(name string) string {
				return map[string]string{
					"FROM": strconv.FormatInt(from.UnixMilli(), 10), "TO": strconv.FormatInt(to.UnixMilli(), 10),
				}[name]
			})
		}
	}
	request, err := http.NewRequest(c.args[0], c.url()+c.args[1], strings.NewReader(body))
	c.ts.Check(err)
	request.Header = header
	setTenant(header, *tenant)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	c.ts.Check(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	c.ts.Check(err)
	fmt.Fprintf(c.ts.Stdout(), "%d\n%s\n", response.StatusCode, answer)
}
