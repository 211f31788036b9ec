// The plugin `blocklists FOLDER`: names of the lists in FOLDER/<id>.list are answered NXDOMAIN, and counted.
//
// Such a file says what is to be blocked, a word and its value a line: `url https://...`, `block name`, `allow name`; the
// content behind a URL is fetched, kept and looked up here (blocklist_fetch.go), so that a hundred thousand names never pass
// the controller. CoreDNS's own `hosts` was rejected: it keeps a tree of strings and a map of addresses for each name, knows
// neither subdomains nor exceptions, and counts nothing. What is kept here is 8 bytes a name (blocklist_names.go).
//
// Everything lives in one engine of the process and not in the plugin's instance: a new Corefile makes a new instance, which
// must not fetch or read anything before it blocks. Lists are taken up on SIGHUP, as zones are, and the answer is the line
// "blocklists: serving N names" or "blocklists: not reloaded: <why>", which the agent waits for.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/miekg/dns"
)

const listSuffix = ".list"

func init() { plugin.Register("blocklists", setupBlocklists) }

// list is one blocklist: what it was told, what was found, and how often it answered.
type list struct {
	id      string
	url     string
	own     names // given with it
	fetched names
	meta    fetchMeta
	failure string    // of the last try to fetch it; empty: none
	due     time.Time // next try
	failed  int       // tries in a row
	blocked atomic.Uint64
}

// blocking is what queries are looked up in; it never changes once it is served.
type blocking struct {
	lists []*list
	names []names // of the list at the same place: own and fetched
	allow names
}

// by gives the list that blocks a name, nil where none does.
func (b *blocking) by(name string) *list {
	if b.allow.has(name) {
		return nil
	}
	for i := range b.names {
		if b.names[i].has(name) {
			return b.lists[i]
		}
	}
	return nil
}

type engineState struct {
	mutex   sync.Mutex // of lists and folder
	lists   map[string]*list
	folder  string
	serving atomic.Pointer[blocking]
	users   atomic.Int32 // instances of the plugin
	fetcher sync.Once
	keep    store
}

var engine = engineState{lists: map[string]*list{}}

type blocklists struct{ next plugin.Handler }

func (b *blocklists) Name() string { return "blocklists" }

func (b *blocklists) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if len(r.Question) == 1 {
		name := strings.ToLower(strings.TrimSuffix(r.Question[0].Name, "."))
		if by := engine.serving.Load().by(name); by != nil {
			by.blocked.Add(1)
			return refuse(w, r)
		}
	}
	return plugin.NextOrFailure(b.Name(), b.next, ctx, w, r)
}

// refuse answers that there is no such name, and to who understands it (RFC 8914) that this is why.
func refuse(w dns.ResponseWriter, r *dns.Msg) (int, error) {
	m := new(dns.Msg)
	m.SetRcode(r, dns.RcodeNameError)
	m.RecursionAvailable = true
	if opt := r.IsEdns0(); opt != nil {
		m.SetEdns0(opt.UDPSize(), false)
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeBlocked})
	}
	if err := w.WriteMsg(m); err != nil {
		return dns.RcodeServerFailure, err
	}
	return dns.RcodeNameError, nil
}

func setupBlocklists(c *caddy.Controller) error {
	folder := ""
	for c.Next() {
		if !c.NextArg() || folder != "" {
			return plugin.Error("blocklists", c.ArgErr())
		}
		folder = c.Val()
		if c.NextArg() {
			return plugin.Error("blocklists", c.ArgErr())
		}
	}
	if *validate {
		if _, err := readLists(folder); err != nil {
			return plugin.Error("blocklists", err)
		}
		engine.serving.Store(&blocking{})
	} else if err := engine.take(folder); err != nil {
		return plugin.Error("blocklists", err)
	}
	c.OnStartup(func() error {
		engine.users.Add(1)
		engine.fetcher.Do(func() { go engine.fetchWhatIsDue() })
		return nil
	})
	c.OnShutdown(func() error {
		engine.users.Add(-1)
		return nil
	})
	dnsserver.GetConfig(c).AddPlugin(func(next plugin.Handler) plugin.Handler { return &blocklists{next: next} })
	return nil
}

// reloadBlocklists answers every SIGHUP, also where no Corefile has ever named the plugin: the agent asks whenever a list
// came or went.
func reloadBlocklists() {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for range hangup {
			engine.mutex.Lock()
			folder := engine.folder
			engine.mutex.Unlock()
			if err := engine.take(folder); err != nil {
				clog.Errorf("blocklists: not reloaded: %v", err)
				continue
			}
			clog.Infof("blocklists: serving %d names", engine.size())
		}
	}()
}

// take makes the folder's lists those that are served. What was fetched of a list goes on where its URL stayed.
func (e *engineState) take(folder string) error {
	told, err := readLists(folder)
	if err != nil {
		return err
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.folder = folder
	e.keep = store{os.Getenv("PIC_DNS_STATE")}
	for id, now := range told {
		before := e.lists[id]
		if before == nil {
			e.keep.recall(now)
		} else {
			now.blocked.Store(before.blocked.Load())
			if before.url == now.url {
				now.fetched, now.meta = before.fetched, before.meta
				now.failure, now.due, now.failed = before.failure, before.due, before.failed
			}
		}
	}
	e.lists = told
	e.keep.forgetOthers(told)
	e.publish()
	return nil
}

// publish builds what queries see; the mutex is held.
func (e *engineState) publish() {
	next := &blocking{}
	allow := namesBuilder{}
	for _, l := range e.lists {
		for _, part := range []names{l.own, l.fetched} {
			allow.addAllowed(part)
		}
		next.lists = append(next.lists, l)
		next.names = append(next.names, merged(l.own, l.fetched))
	}
	next.allow = allow.build()
	e.serving.Store(next)
}

func (e *engineState) size() int {
	count := 0
	for _, part := range e.serving.Load().names {
		count += part.size()
	}
	return count
}

func readLists(folder string) (map[string]*list, error) {
	lists := map[string]*list{}
	paths, err := filepath.Glob(filepath.Join(folder, "*"+listSuffix))
	if err != nil || folder == "" {
		return lists, err
	}
	for _, path := range paths {
		l, err := readList(path)
		if err != nil {
			return nil, err
		}
		lists[l.id] = l
	}
	return lists, nil
}

func readList(path string) (*list, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	l := &list{id: strings.TrimSuffix(filepath.Base(path), listSuffix)}
	own := namesBuilder{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		word, value, _ := strings.Cut(lines.Text(), " ")
		switch {
		case word == "url" && value != "":
			l.url = value
		case word == "block" && value != "":
			own.below(value)
		case word == "allow" && value != "":
			own.allow(value)
		default:
			return nil, fmt.Errorf("list %s: %q is none of url, block, allow", l.id, lines.Text())
		}
	}
	l.own = own.build()
	return l, lines.Err()
}
