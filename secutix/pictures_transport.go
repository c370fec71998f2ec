package secutix

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// errPrivateAddress is a picture's server that is not on the public network.
var errPrivateAddress = errors.New("not a public address")

// PictureTransport fetches pictures from public addresses only: a catalog must not make us read what only this machine or
// its network can. The address is looked at when the connection is made, after its name was resolved, so that no name can
// say one thing first and another then. Networks in allow may be asked although they are not public. It uses no proxy, which
// would hide where a connection goes.
func PictureTransport(allow []netip.Prefix) http.RoundTripper {
	dialer := &net.Dialer{
		Timeout: 5 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error { return mayDial(address, allow) },
	}
	return &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, MaxIdleConns: 32, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 5 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
}

// mayDial refuses an address that is neither public nor allowed.
func mayDial(address string, allow []netip.Prefix) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", errPrivateAddress, address)
	}
	ip := at.Addr().Unmap().WithZone("")
	if public(ip) || slices.ContainsFunc(allow, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return nil
	}
	return fmt.Errorf("%w: %s", errPrivateAddress, ip)
}

// public reports whether the address belongs to the open network: none of the blocks that IANA keeps for special purposes.
func public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() { // no loopback, link-local (and so no metadata), multicast or unspecified one
		return false
	}
	for _, block := range [...]string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		// What carries an IPv4 address inside could reach any of those above by way of a gateway.
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10", "::/96",
	} {
		if netip.MustParsePrefix(block).Contains(ip) {
			return false
		}
	}
	return true
}
