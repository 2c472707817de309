// sip-sender sends instant messages with sipgo, a SIP stack that is not ours: one JSON object on standard input, one
// line of JSON for each final answer. All messages leave at once.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

const patience = 20 * time.Second

// largestDatagram lifts the limit of RFC 3261 §18.1.1: what the other side makes of a large one is to be seen.
const largestDatagram = 65_000

type message struct {
	URI         string `json:"uri"`
	Body        string `json:"body"`
	ContentType string `json:"contentType"`
}

type job struct {
	Transport    string      `json:"transport"`
	LocalAddress string      `json:"localAddress"`
	From         string      `json:"from"`
	Headers      [][2]string `json:"headers"`
	Messages     []message   `json:"messages"`
	TLS          *struct {
		CertificateFile string `json:"certificateFile"`
		KeyFile         string `json:"keyFile"`
		AuthorityFile   string `json:"authorityFile"`
	} `json:"tls"`
}

type answer struct {
	To     string `json:"to"`
	Status int    `json:"status"`
	Reason string `json:"reason"`
	Answer string `json:"answer"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sip-sender:", err)
		os.Exit(1)
	}
}

func run() error {
	var work job
	if err := json.NewDecoder(os.Stdin).Decode(&work); err != nil {
		return err
	}
	sip.UDPMTUSize = largestDatagram
	client, err := newClient(work)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	output := json.NewEncoder(os.Stdout)
	failures := make([]error, len(work.Messages))
	var mutex sync.Mutex
	var all sync.WaitGroup
	for i, one := range work.Messages {
		all.Add(1)
		go func() {
			defer all.Done()
			told, err := send(ctx, client, work, one)
			mutex.Lock()
			defer mutex.Unlock()
			if err == nil {
				err = output.Encode(told)
			}
			failures[i] = err
		}()
	}
	all.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

func newClient(work job) (*sipgo.Client, error) {
	var options []sipgo.UserAgentOption
	if work.TLS != nil {
		config, err := tlsConfig(work)
		if err != nil {
			return nil, err
		}
		options = append(options, sipgo.WithUserAgenTLSConfig(config))
	}
	agent, err := sipgo.NewUA(options...)
	if err != nil {
		return nil, err
	}
	return sipgo.NewClient(
		agent,
		sipgo.WithClientHostname(work.LocalAddress),
		sipgo.WithClientConnectionAddr(work.LocalAddress+":0"),
	)
}

func tlsConfig(work job) (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(work.TLS.CertificateFile, work.TLS.KeyFile)
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(work.TLS.AuthorityFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &tls.Config{Certificates: []tls.Certificate{own}, RootCAs: roots}, nil
}

func send(ctx context.Context, client *sipgo.Client, work job, one message) (answer, error) {
	var to, from sip.Uri
	if err := sip.ParseUri(one.URI, &to); err != nil {
		return answer{}, err
	}
	if err := sip.ParseUri(work.From, &from); err != nil {
		return answer{}, err
	}
	request := sip.NewRequest(sip.MESSAGE, to)
	request.SetTransport(strings.ToUpper(work.Transport))
	sender := &sip.FromHeader{Address: from}
	sender.Params.Add("tag", sip.GenerateTagN(16))
	request.AppendHeader(sender)
	request.AppendHeader(sip.NewHeader("Content-Type", one.ContentType))
	for _, header := range work.Headers {
		request.AppendHeader(sip.NewHeader(header[0], header[1]))
	}
	request.SetBody([]byte(one.Body))
	response, err := client.Do(ctx, request)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", one.URI, err)
	}
	return answer{To: one.URI, Status: response.StatusCode, Reason: response.Reason, Answer: response.String()}, nil
}
