// Package civogo has the names of the real one that ExternalDNS's provider for Civo needs to compile.
// It stands in for that module: no test uses the provider, and its client cannot be made.
package civogo

import "errors"

type (
	Client        struct{}
	Component     struct{ ID, Name, Version string }
	DNSRecordType string
	DNSDomain     struct{ ID, Name string }
	DNSRecord     struct {
		ID, DNSDomainID, Name, Value string
		Type                         DNSRecordType
		Priority, TTL                int
	}
	DNSRecordConfig struct {
		Type          DNSRecordType
		Name, Value   string
		Priority, TTL int
	}
	SimpleResponse struct{}
)

const (
	DNSRecordTypeA     = "a"
	DNSRecordTypeCName = "cname"
	DNSRecordTypeSRV   = "srv"
	DNSRecordTypeTXT   = "txt"
)

var errAbsent = errors.New("this build has no client of Civo")

func NewClient(string, string) (*Client, error) { return nil, errAbsent }

func (*Client) SetUserAgent(*Component) {}

func (*Client) ListDNSDomains() ([]DNSDomain, error) { return nil, errAbsent }

func (*Client) ListDNSRecords(string) ([]DNSRecord, error) { return nil, errAbsent }

func (*Client) CreateDNSRecord(string, *DNSRecordConfig) (*DNSRecord, error) { return nil, errAbsent }

func (*Client) UpdateDNSRecord(*DNSRecord, *DNSRecordConfig) (*DNSRecord, error) {
	return nil, errAbsent
}

func (*Client) DeleteDNSRecord(*DNSRecord) (*SimpleResponse, error) { return nil, errAbsent }
