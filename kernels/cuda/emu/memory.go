//go:build cuda && linux

package emu

import (
	"fmt"
	"syscall"
	"unsafe"
)

// memory is a block outside of Go's heap whose end lies at a page that nobody
// may touch, and whose start lies behind another: a kernel that reads or writes
// past its end stops the test there and then.
type memory struct {
	pages []byte
	data  unsafe.Pointer
}

func reserve(bytes int64) (memory, error) {
	page := int64(syscall.Getpagesize())
	size := (bytes+page-1)/page*page + 2*page
	m, err := syscall.Mmap(-1, 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return memory{}, fmt.Errorf("emu: no memory for %d bytes: %w", bytes, err)
	}
	for _, guard := range [][]byte{m[:page], m[size-page:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			return memory{}, fmt.Errorf("emu: %w", err)
		}
	}
	return memory{m, unsafe.Pointer(&m[size-page-(bytes+7)/8*8])}, nil
}

func (m *memory) free() error {
	if m.pages == nil {
		return nil
	}
	err := syscall.Munmap(m.pages)
	*m = memory{}
	return err
}
