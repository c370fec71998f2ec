package sim

import "net/http"

func (p *Platform) picture(in *institution, name string) reply {
	return textReply(http.StatusNotFound, "no picture")
}
