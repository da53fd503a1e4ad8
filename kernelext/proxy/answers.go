package proxy

import (
	"encoding/json"
	"runtime"
	"strings"

	"github.com/ganbook/ganbook/kernelext/cells"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// request is a message of the front end.
func (p *proxy) request(ch channel, m wire.Message) {
	switch m.Header.Type {
	case "kernel_info_request":
		p.answer(ch, &m, "kernel_info_reply", p.kernelInfo())
	case "execute_request":
		p.execute(ch, m)
	case "interrupt_request":
		p.stopButton()
		p.answer(ch, &m, "interrupt_reply", map[string]any{"status": "ok"})
	case "shutdown_request":
		p.shutdownRequest(ch, &m)
	case "is_complete_request":
		p.isComplete(ch, &m)
	case "history_request":
		p.answerHistory(ch, &m)
	case "comm_info_request":
		p.answer(ch, &m, "comm_info_reply", map[string]any{"status": "ok", "comms": map[string]any{}})
	case "complete_request":
		p.complete(ch, &m)
	case "inspect_request":
		p.inspect(ch, &m)
	case "comm_open", "comm_msg", "comm_close", "input_reply":
		p.toGonb(ch, m)
	default:
		p.log.printf("a %.60q is not answered: it is unknown", m.Header.Type)
	}
}

// answer replies to a request that GoNB has no part in. A front end shows the last state it heard of, so it is told
// again that a cell runs.
func (p *proxy) answer(ch channel, request *wire.Message, messageType string, content any) {
	p.front.status(request, "busy")
	p.front.reply(ch, request, messageType, content)
	p.front.status(request, "idle")
	if p.running != nil && !p.running.ours {
		p.front.status(&p.running.request, "busy")
	}
}

func (p *proxy) kernelInfo() map[string]any {
	version := goVersion(runtime.Version())
	return map[string]any{
		"status": "ok", "protocol_version": wire.Version, "implementation": "ganbook", "implementation_version": "1.0",
		"language_info": map[string]any{"name": "go", "version": version, "mimetype": "text/x-go", "file_extension": ".go",
			"pygments_lexer": "go", "codemirror_mode": "go", "nbconvert_exporter": "script"},
		"banner": "Go " + version + " with ganbook. A cell is just code; %help says more.",
		"help_links": []map[string]string{{"text": "Go packages", "url": "https://pkg.go.dev/std"},
			{"text": "A tour of Go", "url": "https://go.dev/tour"}},
		"debugger": false, "supported_features": []string{},
	}
}

// goVersion is the number in a version such as "go1.27.0-X:simd": experiments are no part of it.
func goVersion(version string) string {
	number, _, _ := strings.Cut(strings.TrimPrefix(version, "go"), " ")
	number, _, _ = strings.Cut(number, "-X:")
	return number
}

func (p *proxy) isComplete(ch channel, m *wire.Message) {
	var c struct{ Code string }
	if !p.content(m, &c) {
		return
	}
	status, indent := cells.Complete(c.Code)
	content := map[string]any{"status": status}
	if status == "incomplete" {
		content["indent"] = indent
	}
	p.answer(ch, m, "is_complete_reply", content)
}

// content reads what a message says; one that cannot be read is logged and dropped.
func (p *proxy) content(m *wire.Message, into any) bool {
	if err := json.Unmarshal(m.Content, into); err != nil {
		p.log.printf("a %s is dropped: %v", m.Header.Type, err)
		return false
	}
	return true
}
