package store

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// networkFS names the network file system that dir is on, or "". SQLite's WAL
// loses rows between hosts that share a file, without any error.
func networkFS(dir string) (string, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return "", fmt.Errorf("look up the file system of %s: %w", filepath.Clean(dir), err)
	}
	switch uint32(st.Type) { // statfs(2), and the headers of the file systems it does not list
	case 0x6969:
		return "NFS", nil
	case 0x517b, 0xff534d42, 0xfe534d42:
		return "SMB", nil
	case 0x65735546:
		return "FUSE", nil
	case 0x0bd00bd0:
		return "Lustre", nil
	case 0x47504653:
		return "GPFS", nil
	case 0x19830326:
		return "BeeGFS", nil
	case 0x00c36400:
		return "Ceph", nil
	case 0x01021997:
		return "9p", nil
	case 0x5346414f, 0x6b414653:
		return "AFS", nil
	}
	return "", nil
}
