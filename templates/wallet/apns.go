package wallet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"guichet/domain"
	"guichet/domain/delivery"
)

// Push implements delivery.Apple: an empty message of the pass's topic, over HTTP/2 with the pass certificate.
func (a *Apple) Push(ctx context.Context, pushToken string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.push+"/3/device/"+url.PathEscape(pushToken), strings.NewReader("{}"))
	if err != nil {
		return err
	}
	req.Header.Set("Apns-Topic", a.passType)
	status, body, err := do(a.client, req)
	if err != nil {
		return err
	}
	var said struct {
		Reason string `json:"reason"`
	}
	_ = json.Unmarshal(body, &said) // only to say more
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusGone, said.Reason == "BadDeviceToken", said.Reason == "DeviceTokenNotForTopic":
		return domain.Errorf(domain.Gone, delivery.CodeWalletGone, "the phone is not there any more")
	}
	return domain.Errorf(domain.Upstream, delivery.CodeWalletRefused, "the push service refuses").Because(fmt.Errorf("%d %.100q", status, said.Reason))
}
