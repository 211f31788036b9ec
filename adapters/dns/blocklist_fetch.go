// Fetching lists: once a day, at once where one is new, and with growing patience where it fails; the last content that was
// good goes on meanwhile, also through a restart. The URL is somebody's text and the server behind it a stranger: every limit
// has a name, and the address is checked at the moment of connecting, after every redirect and every answer of a resolver, so
// that no name leads into the cell's own networks. PIC_BLOCKLIST_NETWORKS names networks that may be fetched from all the same.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"

	clog "github.com/coredns/coredns/plugin/pkg/log"
)

const (
	sizeLimit      = 32 << 20 // bytes of a list: a million names and more
	timeLimit      = 2 * time.Minute
	redirectLimit  = 5
	refreshAfter   = 24 * time.Hour
	refreshSpread  = 30 * time.Minute // so that not every cell asks at the same moment
	firstRetry     = time.Minute
	longestRetry   = time.Hour
	lookInterval   = time.Second
	failureLimit   = 200 // characters that are told of what went wrong
	statusInterval = 5 * time.Second
)

// fetchMeta is what must be known of a content to ask only for a newer one.
type fetchMeta struct {
	URL          string    `json:"url"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	At           time.Time `json:"at"` // when it was last heard to be the newest
}

var client = &http.Client{
	Timeout: timeLimit,
	Transport: &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, Control: onlyPublic}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
		Proxy:                  nil,
	},
	CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > redirectLimit {
			return errors.New("it is redirected too often")
		}
		if next.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
			return errors.New("it is redirected from https to " + next.URL.Scheme)
		}
		return nil
	},
}

// reserved are global by their form and yet nobody's on the internet (IANA special-purpose registries), or lead elsewhere
// (NAT64, 6to4, Teredo).
var reserved = prefixes("0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 " +
	"203.0.113.0/24 240.0.0.0/4 ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 fec0::/10")

func prefixes(text string) []netip.Prefix {
	var all []netip.Prefix
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '+' }) {
		if prefix, err := netip.ParsePrefix(word); err == nil {
			all = append(all, prefix)
		}
	}
	return all
}

func isWithin(address netip.Addr, networks []netip.Prefix) bool {
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

func isPublic(address netip.Addr) bool {
	return address.IsGlobalUnicast() && !address.IsPrivate() && !isWithin(address, reserved)
}

func onlyPublic(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := to.Addr().Unmap().WithZone("")
	if isPublic(ip) || isWithin(ip, prefixes(os.Getenv("PIC_BLOCKLIST_NETWORKS"))) {
		return nil
	}
	return fmt.Errorf("%s is no public address", ip)
}

// fetch gives a list's content, or nil where the one that is known is the newest.
func fetch(url string, known fetchMeta) ([]byte, fetchMeta, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, known, err
	}
	request.Header.Set("User-Agent", "pic-dns")
	if known.URL == url {
		if known.ETag != "" {
			request.Header.Set("If-None-Match", known.ETag)
		}
		if known.LastModified != "" {
			request.Header.Set("If-Modified-Since", known.LastModified)
		}
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, known, err
	}
	defer response.Body.Close()
	now := time.Now().UTC().Truncate(time.Second)
	if response.StatusCode == http.StatusNotModified && known.URL == url {
		known.At = now
		return nil, known, nil
	}
	if response.StatusCode != http.StatusOK {
		return nil, known, fmt.Errorf("the server answers %s", response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, sizeLimit+1))
	if err != nil {
		return nil, known, err
	}
	if len(content) > sizeLimit {
		return nil, known, fmt.Errorf("it is larger than %d MiB", sizeLimit>>20)
	}
	return content, fetchMeta{url, response.Header.Get("ETag"), response.Header.Get("Last-Modified"), now}, nil
}

// fetchWhatIsDue goes on for the life of the process; one list after the other.
func (e *engineState) fetchWhatIsDue() {
	lastStatus, told := time.Time{}, ""
	for ; ; time.Sleep(lookInterval) {
		if e.users.Load() == 0 {
			continue
		}
		for _, l := range e.dueBy(time.Now()) {
			e.refresh(l)
		}
		if time.Since(lastStatus) < statusInterval {
			continue
		}
		lastStatus = time.Now()
		e.mutex.Lock()
		status, keep := e.status(), e.keep
		e.mutex.Unlock()
		if status != told && keep.write("status", []byte(status)) == nil {
			told = status
		}
	}
}

func (e *engineState) dueBy(now time.Time) []*list {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	var due []*list
	for _, l := range e.lists {
		if l.url != "" && !l.due.After(now) {
			due = append(due, l)
		}
	}
	return due
}

// refresh fetches one list. It may have been changed or dropped meanwhile: then what was fetched is of no use.
func (e *engineState) refresh(l *list) {
	content, meta, err := fetch(l.url, l.meta)
	fetched := l.fetched
	if err == nil && content != nil {
		fetched, err = parse(bytes.NewReader(content))
		if err == nil && fetched.size() == 0 && len(fetched.allowed) == 0 {
			err = errors.New("there are no names in it")
		}
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.lists[l.id] != l {
		return
	}
	if err != nil {
		l.failure = told(err)
		l.due = time.Now().Add(min(firstRetry<<min(l.failed, 10), longestRetry))
		l.failed++
		clog.Warningf("blocklists: %s is not fetched: %s", l.id, l.failure)
		return
	}
	l.failure, l.failed, l.meta, l.fetched = "", 0, meta, fetched
	l.due = time.Now().Add(refreshAfter + rand.N(refreshSpread))
	if err := e.keep.remember(l, content); err != nil {
		clog.Warningf("blocklists: %s is not kept: %v", l.id, err)
	}
	if content != nil {
		e.publish()
	}
}

// told is an error as one clean line.
func told(err error) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, err.Error())
	if runes := []rune(text); len(runes) > failureLimit {
		text = string(runes[:failureLimit]) + "..."
	}
	return text
}

// status is the table that the agent tells of, a list a line, columns parted by tabs; the mutex is held.
func (e *engineState) status() string {
	var text strings.Builder
	for _, l := range e.lists {
		at := ""
		if l.url != "" && !l.meta.At.IsZero() {
			at = l.meta.At.Format(time.RFC3339)
		}
		fmt.Fprintf(&text, "%s\t%d\t%s\t%d\t%s\n", l.id, l.own.size()+l.fetched.size(), at, l.blocked.Load(), l.failure)
	}
	return text.String()
}

// store is the folder where contents outlive the process; with no folder they do not.
type store struct{ folder string }

func (s store) write(name string, content []byte) error {
	if s.folder == "" {
		return nil
	}
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return err
	}
	path := filepath.Join(s.folder, name)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// remember keeps a content, and then what is known of it: killed between the two, the content is fetched once more.
func (s store) remember(l *list, content []byte) error {
	if content != nil {
		if err := s.write(l.id+".json", nil); err != nil {
			return err
		}
		if err := s.write(l.id+".txt", content); err != nil {
			return err
		}
	}
	meta, err := json.Marshal(l.meta)
	if err != nil {
		return err
	}
	return s.write(l.id+".json", meta)
}

// recall gives a list what was kept of it, where that is of the same URL.
func (s store) recall(l *list) {
	if s.folder == "" || l.url == "" {
		return
	}
	text, err := os.ReadFile(filepath.Join(s.folder, l.id+".json"))
	var meta fetchMeta
	if err != nil || json.Unmarshal(text, &meta) != nil || meta.URL != l.url {
		return
	}
	content, err := os.Open(filepath.Join(s.folder, l.id+".txt"))
	if err != nil {
		return
	}
	defer content.Close()
	if fetched, err := parse(io.LimitReader(content, sizeLimit)); err == nil {
		l.fetched, l.meta, l.due = fetched, meta, meta.At.Add(refreshAfter)
	}
}

// forgetOthers removes what was kept of lists that are no more.
func (s store) forgetOthers(lists map[string]*list) {
	if s.folder == "" {
		return
	}
	for _, suffix := range []string{".json", ".txt"} {
		paths, _ := filepath.Glob(filepath.Join(s.folder, "*"+suffix))
		for _, path := range paths {
			if lists[strings.TrimSuffix(filepath.Base(path), suffix)] == nil {
				os.Remove(path)
			}
		}
	}
}
