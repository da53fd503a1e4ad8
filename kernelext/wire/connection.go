package wire

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// Connection is the file that tells a kernel its ports and its key
// (https://jupyter-client.readthedocs.io/en/latest/kernels.html#connection-files).
type Connection struct {
	Shell     int    `json:"shell_port"`
	IOPub     int    `json:"iopub_port"`
	Stdin     int    `json:"stdin_port"`
	Control   int    `json:"control_port"`
	Heartbeat int    `json:"hb_port"`
	IP        string `json:"ip"`
	Key       string `json:"key"`
	Transport string `json:"transport"`
	Scheme    string `json:"signature_scheme"`
	Name      string `json:"kernel_name,omitempty"`
}

// NewConnection takes five free ports of 127.0.0.1 and a new key. Another program may take a port before the
// kernel listens; then the kernel does not start, and a second attempt helps.
func NewConnection() (Connection, error) {
	ports, err := freePorts(5)
	if err != nil {
		return Connection{}, err
	}
	return Connection{Shell: ports[0], IOPub: ports[1], Stdin: ports[2], Control: ports[3], Heartbeat: ports[4],
		IP: "127.0.0.1", Key: NewID(), Transport: "tcp", Scheme: "hmac-sha256"}, nil
}

// ReadConnection reads and checks a connection file.
func ReadConnection(file string) (Connection, error) {
	var c Connection
	text, err := os.ReadFile(file)
	if err != nil {
		return c, fmt.Errorf("wire: connection file: %w", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("wire: connection file %s: %w", file, err)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("wire: connection file %s: %w", file, err)
	}
	return c, nil
}

func (c Connection) check() error {
	if c.Transport != "" && c.Transport != "tcp" {
		return fmt.Errorf("transport is %q, only tcp is known", c.Transport)
	}
	if c.Key != "" && c.Scheme != "hmac-sha256" {
		return fmt.Errorf("signature_scheme is %q, only hmac-sha256 is known", c.Scheme)
	}
	if net.ParseIP(c.IP) == nil {
		return fmt.Errorf("ip is %q, want an address such as 127.0.0.1", c.IP)
	}
	used := map[int]string{}
	for name, port := range map[string]int{"shell_port": c.Shell, "iopub_port": c.IOPub, "stdin_port": c.Stdin,
		"control_port": c.Control, "hb_port": c.Heartbeat} {
		if port < 1 || port > 65535 {
			return fmt.Errorf("%s is %d, want 1 to 65535", name, port)
		}
		if other, ok := used[port]; ok {
			return fmt.Errorf("%s and %s are both %d", min(name, other), max(name, other), port)
		}
		used[port] = name
	}
	return nil
}

// Write writes the connection into a folder under the name Jupyter gives such files, readable by its owner only.
func (c Connection) Write(folder, name string) (file string, err error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("wire: connection file: %w", err)
	}
	file = filepath.Join(folder, name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", fmt.Errorf("wire: connection file: %w", err)
	}
	return file, nil
}

// Address is where a port is reached, as ZMQ writes it.
func (c Connection) Address(port int) string {
	return "tcp://" + net.JoinHostPort(c.IP, strconv.Itoa(port))
}

func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("wire: no free port on 127.0.0.1: %w", err)
		}
		defer l.Close() // all are held until all are known
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
