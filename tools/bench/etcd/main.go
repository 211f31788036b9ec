// etcd-load drives etcd as its own users do, over gRPC with etcd's own client: `put` measures durable writes by many
// clients, `watch` the time from the call of Put to the moment a watcher on another connection holds the event. One
// line of JSON on standard output. (etcd's HTTP gateway was rejected: it costs etcd a translation that nobody who cares
// about speed pays.)
//
//	etcd-load -endpoint 127.0.0.1:12379 -clients 64 -seconds 3 put
//	etcd-load -endpoint 127.0.0.1:12379 -count 500 -gap 1ms watch
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	keys           = 5000 // as many as the cell has records
	connections    = 8    // one a client would cost etcd's client more than etcd
	watchersReady  = 200 * time.Millisecond
	requestTimeout = 10 * time.Second
)

type result struct {
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	Count     int     `json:"count"`
}

func main() {
	endpoint := flag.String("endpoint", "127.0.0.1:2379", "etcd's client address")
	clients := flag.Int("clients", 1, "how many put at the same time")
	seconds := flag.Float64("seconds", 3, "how long to put")
	count := flag.Int("count", 500, "how many puts are watched")
	gap := flag.Duration("gap", time.Millisecond, "pause between watched puts")
	bytes := flag.Int("bytes", 400, "size of a value")
	flag.Parse()

	value := strings.Repeat("x", *bytes)
	var measured result
	var err error
	switch flag.Arg(0) {
	case "put":
		measured, err = put(*endpoint, *clients, time.Duration(*seconds*float64(time.Second)), value)
	case "watch":
		measured, err = watch(*endpoint, *count, *gap, value)
	default:
		err = errors.New("put or watch?")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd-load:", err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(measured)
}

func dial(endpoint string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: requestTimeout})
}

// put has every client put as soon as its last put was acknowledged.
func put(endpoint string, clients int, duration time.Duration, value string) (result, error) {
	pool := make([]*clientv3.Client, min(clients, connections))
	for i := range pool {
		client, err := dial(endpoint)
		if err != nil {
			return result{}, err
		}
		defer client.Close()
		pool[i] = client
	}
	taken := make([][]time.Duration, clients)
	failures := make([]error, clients)
	begin := time.Now()
	var running sync.WaitGroup
	for worker := range clients {
		running.Add(1)
		go func() {
			defer running.Done()
			client := pool[worker%len(pool)]
			for n := worker; time.Since(begin) < duration; n += clients {
				start := time.Now()
				_, err := client.Put(context.Background(), fmt.Sprintf("/cell/records/%d", n%keys), value)
				if err != nil {
					failures[worker] = err
					return
				}
				taken[worker] = append(taken[worker], time.Since(start))
			}
		}()
	}
	running.Wait()
	return summary(slices.Concat(taken...), time.Since(begin)), errors.Join(failures...)
}

// watch puts one value at a time and waits for its event on a connection that does nothing else.
func watch(endpoint string, count int, gap time.Duration, value string) (result, error) {
	writer, err := dial(endpoint)
	if err != nil {
		return result{}, err
	}
	defer writer.Close()
	watcher, err := dial(endpoint)
	if err != nil {
		return result{}, err
	}
	defer watcher.Close()
	arrivals := make(chan time.Time, 1)
	go func() {
		for range watcher.Watch(context.Background(), "/watched/", clientv3.WithPrefix()) {
			arrivals <- time.Now()
		}
	}()
	time.Sleep(watchersReady)
	taken := make([]time.Duration, 0, count)
	begin := time.Now()
	for range count {
		time.Sleep(gap)
		start := time.Now()
		if _, err := writer.Put(context.Background(), "/watched/record", value); err != nil {
			return result{}, err
		}
		select {
		case arrival := <-arrivals:
			taken = append(taken, arrival.Sub(start))
		case <-time.After(requestTimeout):
			return result{}, errors.New("an event never came")
		}
	}
	return summary(taken, time.Since(begin)), nil
}

func summary(taken []time.Duration, elapsed time.Duration) result {
	if len(taken) == 0 {
		return result{}
	}
	slices.Sort(taken)
	at := func(share float64) float64 {
		return float64(taken[int(share*float64(len(taken)-1))].Nanoseconds()) / 1e3
	}
	return result{float64(len(taken)) / elapsed.Seconds(), at(0.5), at(0.99), len(taken)}
}
