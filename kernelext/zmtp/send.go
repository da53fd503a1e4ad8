package zmtp

import (
	"errors"
	"fmt"
	"net"
)

// Send queues a message: a Router's for the peer its first frame names, a Pub's for all who want its first frame as
// topic. A message nobody wants is no error; one to a peer that is gone is.
func (s *Socket) Send(frames [][]byte) error {
	s.mu.Lock()
	var to []*peer
	switch s.kind {
	case Router:
		if p := s.routes[string(frames[0])]; p != nil {
			to = append(to, p)
		}
		frames = frames[1:]
	default:
		for p := range s.peers {
			if s.kind != Pub || p.wants(frames[0]) {
				to = append(to, p)
			}
		}
	}
	s.mu.Unlock()
	if len(to) == 0 && s.kind != Pub {
		return fmt.Errorf("zmtp: the peer is gone: %w", net.ErrClosed)
	}
	var errs []error
	for _, p := range to {
		err := p.send(frames, s.options.queue())
		if s.kind == Pub && errors.Is(err, net.ErrClosed) {
			continue // it was cut off, which was told then, and is about to leave
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("zmtp: %w", err))
		}
	}
	return errors.Join(errs...)
}

// SendTo queues a message for one peer of a Pub.
func (s *Socket) SendTo(identity string, frames [][]byte) error {
	s.mu.Lock()
	p := s.routes[identity]
	s.mu.Unlock()
	if p == nil {
		return fmt.Errorf("zmtp: the peer is gone: %w", net.ErrClosed)
	}
	return p.send(frames, s.options.queue())
}
