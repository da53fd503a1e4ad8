package runlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// appender appends whole lines to a file. When the disk refuses part of a line, the part is taken back.
type appender struct {
	file *os.File
	size int64
}

// openAppender opens or makes the file and cuts off a torn last line.
func openAppender(path string) (*appender, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, noRoom(path, err)
	}
	end, err := lastLineEnd(f)
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, noRoom(path, err)
	}
	return &appender{f, end}, nil
}

// lastLineEnd returns the offset after the last line feed, looking from the end.
func lastLineEnd(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 4096)
	for end := info.Size(); end > 0; {
		start := max(0, end-int64(len(buf)))
		part := buf[:end-start]
		if _, err := f.ReadAt(part, start); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

func (a *appender) append(line []byte) error {
	if _, err := a.file.WriteAt(line, a.size); err != nil {
		if e := a.file.Truncate(a.size); e != nil {
			err = fmt.Errorf("%w (and the part written could not be taken back: %w)", err, e)
		}
		return noRoom(a.file.Name(), err)
	}
	a.size += int64(len(line))
	return nil
}

func (a *appender) sync() error {
	if a == nil {
		return nil
	}
	if err := a.file.Sync(); err != nil {
		return noRoom(a.file.Name(), err)
	}
	return nil
}

func (a *appender) close() error {
	if a == nil {
		return nil
	}
	return a.file.Close()
}
