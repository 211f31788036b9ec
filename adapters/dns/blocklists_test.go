package main

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
)

func parsed(t testing.TB, text string) names {
	t.Helper()
	found, err := parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTheFormsOfAList(t *testing.T) {
	list := parsed(t, "\ufeffplain.example\r\n# c\n0.0.0.0 a.example b.example#c\n::1 ip6-localhost six.example\n"+
		"||tree.example^\n||imp.example^$important\n||rule.example^$script\n||path.example/x^\n*.wild.example\n"+
		"@@||good.tree.example^\ncom\nlocalhost\n1.2.3.4\nnot a host line\n-\n..\nUPPER.Example.\n"+strings.Repeat("x", 5*lineLimit)+"\nlast.example")
	for name, want := range map[string]bool{
		"plain.example": true, "sub.plain.example": false, "a.example": true, "b.example": true, "six.example": true,
		"tree.example": true, "x.y.tree.example": true, "xtree.example": false, "imp.example": true, "rule.example": false,
		"path.example": false, "wild.example": true, "x.wild.example": true, "upper.example": true, "last.example": true,
		"com": false, "example": false, "localhost": false, "1.2.3.4": false, "": false, ".": false,
	} {
		if list.has(name) != want {
			t.Errorf("has(%q) is %v", name, !want)
		}
	}
	if len(list.allowed) != 1 {
		t.Errorf("%d exceptions", len(list.allowed))
	}
}

func TestAnExceptionCountsForEveryList(t *testing.T) {
	e := engineState{lists: map[string]*list{
		"a": {id: "a", own: parsed(t, "||tree.example^")},
		"b": {id: "b", fetched: parsed(t, "@@||good.tree.example^")},
	}}
	e.publish()
	if by := e.serving.Load().by("bad.tree.example"); by == nil || by.id != "a" {
		t.Error("it is not blocked by its list")
	}
	if e.serving.Load().by("x.good.tree.example") != nil {
		t.Error("the exception does not count")
	}
}

func TestWhereNoListIsFetchedFrom(t *testing.T) {
	for _, text := range []string{"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
		"255.255.255.255", "224.0.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1",
		"64:ff9b::a00:1", "2002:a00:1::1", "2001::1", "2001:db8::1"} {
		if err := onlyPublic("tcp", netip.AddrPortFrom(netip.MustParseAddr(text), 80).String(), nil); err == nil {
			t.Errorf("%s is let through", text)
		}
	}
	for _, text := range []string{"9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9"} {
		if err := onlyPublic("tcp", netip.AddrPortFrom(netip.MustParseAddr(text), 80).String(), nil); err != nil {
			t.Error(err)
		}
	}
	t.Setenv("PIC_BLOCKLIST_NETWORKS", "192.168.1.0/24+fd00::/8")
	if onlyPublic("tcp", "192.168.1.5:80", nil) != nil || onlyPublic("tcp", "192.168.2.5:80", nil) == nil {
		t.Error("the configured networks do not count")
	}
}

func manyNames(count int) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "0.0.0.0 name%d.of.some%d.example\n", i, i%1000)
	}
	return text.String()
}

func BenchmarkParse1M(b *testing.B) {
	text := manyNames(1_000_000)
	for b.Loop() {
		parsed(b, text)
	}
}

func BenchmarkLookUpIn1M(b *testing.B) {
	text := manyNames(1_000_000)
	list := parsed(b, text)
	text = ""
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	for b.Loop() {
		list.has("www.not.in.the.list.example")
	}
	b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "MiB")
}
