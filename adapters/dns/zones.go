// The plugin `zones FOLDER`: serves every FOLDER/<origin>.zone (RFC 1035 master files) and takes up changes on SIGHUP.
//
// CoreDNS's own `file` polls each zone's serial and swaps zone by zone, and a new zone needs a new Corefile, whose
// reload closes idle TCP connections. Here all zones of a folder are one generation, swapped whole by one pointer: a
// change of several zones (a renamed cell, an address and its reverse) is seen at once or not at all, at the moment the
// agent asks, and no socket is touched. A broken zone keeps the whole generation from being taken up. Each reload ends
// with one line, "zones: serving N" or "zones: not reloaded: <why>", which the agent waits for.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/file"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/coredns/coredns/plugin/pkg/upstream"
	"github.com/miekg/dns"
)

const zoneSuffix = ".zone"

func init() { plugin.Register("zones", setup) }

// generation is every zone of the folder as read at one time; it never changes once it is served.
type generation struct {
	handler file.File
	files   map[string]os.FileInfo // by origin: tells which files are still the ones that were read
}

type zones struct {
	folder string
	next   plugin.Handler
	now    atomic.Pointer[generation]
}

func (z *zones) Name() string { return "zones" }

func (z *zones) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	return z.now.Load().handler.ServeDNS(ctx, w, r)
}

func setup(c *caddy.Controller) error {
	z := &zones{}
	for c.Next() {
		if !c.NextArg() || z.folder != "" {
			return plugin.Error("zones", c.ArgErr())
		}
		z.folder = c.Val()
		if c.NextArg() {
			return plugin.Error("zones", c.ArgErr())
		}
	}
	if err := z.load(); err != nil {
		return plugin.Error("zones", err)
	}

	hangup := make(chan os.Signal, 1)
	c.OnStartup(func() error {
		signal.Notify(hangup, syscall.SIGHUP)
		go z.reloadOn(hangup)
		return nil
	})
	c.OnShutdown(func() error {
		signal.Stop(hangup)
		close(hangup)
		return nil
	})
	dnsserver.GetConfig(c).AddPlugin(func(next plugin.Handler) plugin.Handler {
		z.next = next
		z.now.Load().handler.Next = next // nothing is served yet
		return z
	})
	return nil
}

func (z *zones) reloadOn(hangup <-chan os.Signal) {
	for range hangup {
		if err := z.load(); err != nil {
			clog.Errorf("zones: not reloaded: %v", err)
			continue
		}
		clog.Infof("zones: serving %d", len(z.now.Load().files))
	}
}

// load reads the folder and makes it the generation that is served. Files that did not change are not read again.
func (z *zones) load() error {
	paths, err := filepath.Glob(filepath.Join(z.folder, "*"+zoneSuffix))
	if err != nil {
		return err
	}
	before := z.now.Load()
	after := &generation{
		handler: file.File{Next: z.next, Zones: file.Zones{Z: map[string]*file.Zone{}}},
		files:   map[string]os.FileInfo{},
	}
	for _, path := range paths {
		origin := dns.Fqdn(strings.ToLower(strings.TrimSuffix(filepath.Base(path), zoneSuffix)))
		zone, info, err := read(path, origin, before)
		if err != nil {
			return err
		}
		after.handler.Z[origin] = zone
		after.handler.Names = append(after.handler.Names, origin)
		after.files[origin] = info
	}
	z.now.Store(after)
	return nil
}

func read(path, origin string, before *generation) (*file.Zone, os.FileInfo, error) {
	reader, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer reader.Close()
	info, err := reader.Stat()
	if err != nil {
		return nil, nil, err
	}
	if before != nil {
		if known, ok := before.files[origin]; ok && unchanged(known, info) {
			return before.handler.Z[origin], info, nil
		}
	}
	const anySerial = -1
	zone, err := file.Parse(reader, origin, path, anySerial)
	if err != nil {
		return nil, nil, fmt.Errorf("zone %s: %w", origin, err)
	}
	zone.Upstream = upstream.New()
	return zone, info, nil
}

// unchanged relies on files being replaced by rename, never written in place: another file has another inode.
func unchanged(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
