// The cell's DNS server: CoreDNS with only the plugins that a cell uses, in the order that a cell needs.
//
// Two things differ from CoreDNS as published. `-validate` sets a Corefile up without serving it, zone files included,
// and exits 0 or 1 with the reason on standard error, so that the agent can refuse a bad one before anything changes.
// And `cache` comes after `zones`: what the cell itself says is never answered from a cache, so that a changed record
// is seen at once, while answers from upstream are cached as usual. `blocklists` stands between the two: a list takes none
// of the cell's own names away, and what it blocks is not kept from a cache that was filled before.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/acl"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/bufsize"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/template"
)

// A query passes the plugins from top to bottom.
var directives = []string{
	"bind",
	"bufsize",
	"errors",
	"log",
	"acl",
	"template",
	"zones",
	"blocklists",
	"cache",
	"loop",
	"forward",
}

var validate = flag.Bool("validate", false, "Set the Corefile up without serving it, then exit: 0 good, 1 broken")

func main() {
	dnsserver.Directives = directives
	flag.Parse()
	reloadBlocklists()
	if *validate {
		if err := check(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	coremain.Run()
}

func check() error {
	corefile, err := caddy.LoadCaddyfile("dns")
	if err != nil {
		return err
	}
	return caddy.ValidateAndExecuteDirectives(corefile, nil, true)
}
