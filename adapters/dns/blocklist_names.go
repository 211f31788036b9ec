// The names of blocklists: read from the forms in which they are published, and kept as sorted 64-bit hashes under a key of
// this process. That two of a million names share one is a chance of about 1 in 10^13 a query, and nobody outside can look
// for such a pair.
package main

import (
	"bufio"
	"bytes"
	"hash/maphash"
	"io"
	"net/netip"
	"slices"
	"strings"
)

var hashKey = maphash.MakeSeed()

func hashOf(name string) uint64 { return maphash.String(hashKey, name) }

// names is a set: some stand for themselves, some for all below them too, and some are exceptions for every list.
type names struct {
	exact, below, allowed []uint64 // sorted
}

func (n *names) size() int { return len(n.exact) + len(n.below) }

// has tells whether a name (lower case, without the last dot) is in the set.
func (n *names) has(name string) bool {
	if len(n.exact) == 0 && len(n.below) == 0 {
		return false
	}
	if contains(n.exact, hashOf(name)) {
		return true
	}
	for len(n.below) > 0 {
		if contains(n.below, hashOf(name)) {
			return true
		}
		dot := strings.IndexByte(name, '.')
		if dot < 0 {
			return false
		}
		name = name[dot+1:]
	}
	return false
}

func contains(sorted []uint64, hash uint64) bool {
	_, found := slices.BinarySearch(sorted, hash)
	return found
}

func merged(a, b names) names {
	return names{
		exact: slices.Concat(a.exact, b.exact),
		below: slices.Concat(a.below, b.below),
	}.sorted()
}

func (n names) sorted() names {
	for _, part := range []*[]uint64{&n.exact, &n.below, &n.allowed} {
		slices.Sort(*part)
		*part = slices.Clip(slices.Compact(*part))
	}
	return n
}

type namesBuilder struct{ made names }

func (b *namesBuilder) exact(name string) { b.made.exact = append(b.made.exact, hashOf(name)) }
func (b *namesBuilder) below(name string) { b.made.below = append(b.made.below, hashOf(name)) }
func (b *namesBuilder) allow(name string) { b.made.allowed = append(b.made.allowed, hashOf(name)) }

// addAllowed puts another set's exceptions among the names of this one.
func (b *namesBuilder) addAllowed(other names) { b.made.below = append(b.made.below, other.allowed...) }
func (b *namesBuilder) build() names           { return b.made.sorted() }

const lineLimit = 4096 // bytes; a longer line is no name

// parse reads a published list: hosts files, plain domains, "*.domain", and of adblock's rules `||domain^` and
// `@@||domain^`. Other lines (rules for browsers, comments) are passed over.
func parse(content io.Reader) (names, error) {
	built := namesBuilder{}
	lines := bufio.NewReaderSize(content, lineLimit)
	for {
		line, tooLong, err := lines.ReadLine()
		if err == io.EOF {
			return built.build(), nil
		}
		if err != nil {
			return names{}, err
		}
		if tooLong {
			for tooLong && err == nil {
				_, tooLong, err = lines.ReadLine()
			}
			continue
		}
		built.line(string(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))))
	}
}

func (b *namesBuilder) line(line string) {
	if line == "" || line[0] == '#' || line[0] == '!' || line[0] == '[' {
		return
	}
	exception := strings.HasPrefix(line, "@@")
	if rule, isRule := strings.CutPrefix(strings.TrimPrefix(line, "@@"), "||"); isRule {
		name, ended := strings.CutSuffix(strings.TrimSuffix(rule, "$important"), "^")
		if name = strings.ToLower(name); !ended || !isDomain(name) {
			return
		}
		if exception {
			b.allow(name)
		} else {
			b.below(name)
		}
		return
	}
	if comment := strings.IndexByte(line, '#'); comment >= 0 {
		line = line[:comment]
	}
	words := strings.Fields(strings.ToLower(line))
	if len(words) > 1 {
		if _, err := netip.ParseAddr(words[0]); err != nil {
			return
		}
		words = words[1:]
	}
	for _, word := range words {
		word = strings.TrimSuffix(word, ".")
		if tree, isTree := strings.CutPrefix(word, "*."); isTree && isDomain(tree) {
			b.below(tree)
		} else if isDomain(word) {
			b.exact(word)
		}
	}
}

// isDomain: two labels at least, so that no list takes a whole top-level domain, or "localhost", away.
func isDomain(name string) bool {
	const longest, longestLabel = 253, 63
	if len(name) > longest || !strings.Contains(name, ".") {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > longestLabel {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return name != "localhost.localdomain"
}
