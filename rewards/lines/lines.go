// Package lines reads files of one row a line, such as JSONL, whatever they
// hold: a line that is too long loses nothing but itself.
package lines

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// Each calls each for every line that is not blank, with its number from 1 and
// without the white space around it; the line is only valid until each returns.
// A byte order mark before the first line is left out. A line of more than most
// bytes is given as an error, and the lines after it are still read. The error
// returned is that of each or of the reader.
func Each(r io.Reader, most int, each func(number int, line []byte, err error) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	var line []byte // one buffer for all: rows may be large
	for number := 1; ; number++ {
		line = line[:0]
		long := false
		var end error
		for {
			var part []byte
			part, end = in.ReadSlice('\n')
			long = long || len(line)+len(bytes.TrimSuffix(part, []byte("\n"))) > most
			if !long {
				line = append(line, part...)
			}
			if end != bufio.ErrBufferFull {
				break
			}
		}
		if end != nil && end != io.EOF {
			return end
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		var err error
		switch row := bytes.TrimSpace(line); {
		case long:
			err = each(number, nil, fmt.Errorf("longer than %s", size(most)))
		case len(row) > 0:
			err = each(number, row, nil)
		}
		if err != nil {
			return err
		}
		if end == io.EOF {
			return nil
		}
	}
}

func size(n int) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
