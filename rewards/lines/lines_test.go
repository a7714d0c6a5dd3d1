package lines

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEach(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for in, want := range map[string]string{
		"":                         "",
		"\n \n":                    "",
		"\ufeffa\n b \r\n\nc":      "1:a 2:b 4:c ",
		"a\n" + long + "\nb\n":     "1:a 2:longer than 100 bytes 3:b ",
		long:                       "1:longer than 100 bytes ",
		"\ufeff" + long[:100]:      "1:longer than 100 bytes ",
		long[:100] + "\n" + "\xff": "1:" + long[:100] + " 2:\xff ",
	} {
		got := ""
		err := Each(iotest.OneByteReader(strings.NewReader(in)), 100, func(n int, line []byte, err error) error {
			if err != nil {
				line = []byte(err.Error())
			}
			got += fmt.Sprintf("%d:%s ", n, line)
			return nil
		})
		if err != nil || got != want {
			t.Errorf("%.30q: %q, %v; want %q", in, got, err, want)
		}
	}
	broken := errors.New("broken")
	if err := Each(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), 100, func(int, []byte, error) error { return nil }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if err := Each(strings.NewReader("a\nb"), 100, func(n int, _ []byte, _ error) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if err := Each(strings.NewReader(strings.Repeat("y", 2<<20)), 1<<20, func(_ int, _ []byte, err error) error { return err }); err == nil || err.Error() != "longer than 1 MiB" {
		t.Errorf("error %v", err)
	}
}
