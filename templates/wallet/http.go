package wallet

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// Bounds of calls to vendors.
const (
	callTimeout = 10 * time.Second
	maxAnswer   = 1 << 20
)

// client speaks HTTP/2 where the other side does, keeps its connections and follows nobody elsewhere.
func client(t *tls.Config) *http.Client {
	return &http.Client{
		Timeout:       callTimeout,
		Transport:     &http.Transport{TLSClientConfig: t, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 5 * time.Minute, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// do makes a call and reads its answer to a bounded length. A vendor that cannot be reached, is busy or broken is
// wallet.unreachable.
func do(c *http.Client, req *http.Request) (status int, body []byte, err error) {
	res, err := c.Do(req)
	if err != nil {
		return 0, nil, away(errors.New("the wallet's vendor cannot be reached")).Because(err)
	}
	body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if shut := res.Body.Close(); err != nil || shut != nil {
		return 0, nil, away(errors.Join(err, shut))
	}
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError {
		return res.StatusCode, nil, away(errors.New(res.Status))
	}
	return res.StatusCode, body, nil
}

func away(cause error) *domain.Error {
	e := domain.Errorf(domain.Unavailable, delivery.CodeWalletAway, "the wallet's vendor does not answer").Because(cause)
	e.RetryAfter = time.Minute
	return e
}
