package s360

import (
	"sync"
	"time"
)

// session is what calls of one client learn from one another: the token the
// platform issued and the distance between the clocks.
type session struct {
	// loggingIn holds one element while a login is under way.
	loggingIn chan struct{}

	mu          sync.Mutex
	token       string
	tokenSince  time.Time
	ahead       time.Duration
	measured    bool
	correctSkew bool

	plans plans // of the types that answers are read into
}

func newSession() *session { return &session{loggingIn: make(chan struct{}, 1)} }

// tokenLife is the longest an issued token is used.
const tokenLife = 5 * time.Minute

func (s *session) issued(now time.Time) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := now.Sub(s.tokenSince)
	return s.token, s.token != "" && age >= 0 && age < tokenLife
}

func (s *session) keep(token string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.tokenSince = token, now
}

// drop forgets the token, unless another call has brought a newer one.
func (s *session) drop(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
}

// longestMeasure is the longest exchange from which the platform's time is taken.
const longestMeasure = 4 * time.Second

// measure notes the platform's time as seen in an answer that was asked for at
// sent and came at received. The header has whole seconds, so the middle of the
// second is compared with the middle of the exchange. One that took long, because
// the platform or this machine was held up, says too little of the moment.
func (s *session) measure(platform, sent, received time.Time) {
	took := received.Sub(sent)
	if took < 0 || took > longestMeasure {
		return
	}
	middle := sent.Add(took / 2)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead, s.measured = platform.Add(500*time.Millisecond).Sub(middle), true
}

func (s *session) skew() (ahead time.Duration, measured bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ahead, s.measured
}

// correction returns what to add to our clock when forging. It is zero until a
// token was refused and a corrected one accepted; again asks for it regardless.
func (s *session) correction(again bool) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !again && !s.correctSkew {
		return 0
	}
	return s.ahead
}

// corrected notes that a token forged with the correction was accepted.
func (s *session) corrected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.correctSkew = true
}
