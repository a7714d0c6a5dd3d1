package pyvalue

import "slices"

// Sort is list.sort: of up to 63 elements Python counts the run at the start
// and inserts the others by halves, which shows where a comparison is no order
// (NaN). It stops at the first comparison that fails.
func Sort[T any](s []T, less func(a, b T) (bool, error)) error {
	if len(s) < 2 {
		return nil
	}
	if len(s) > 63 {
		return merge(s, less)
	}
	n := 2
	down, err := less(s[1], s[0])
	for err == nil && n < len(s) {
		var falls bool
		if falls, err = less(s[n], s[n-1]); err != nil || falls != down {
			break
		}
		n++
	}
	if err != nil {
		return err
	}
	if down {
		slices.Reverse(s[:n])
	}
	for ; n < len(s); n++ {
		pivot, lo, hi := s[n], 0, n
		for lo < hi {
			mid := int(uint(lo+hi) >> 1)
			before, err := less(pivot, s[mid])
			if err != nil {
				return err
			}
			if before {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		copy(s[lo+1:n+1], s[lo:n])
		s[lo] = pivot
	}
	return nil
}

// merge is a stable sort.
func merge[T any](s []T, less func(a, b T) (bool, error)) (err error) {
	slices.SortStableFunc(s, func(a, b T) int {
		if err != nil {
			return 0
		}
		var before bool
		if before, err = less(a, b); err != nil || before {
			return -1
		}
		if before, err = less(b, a); before {
			return 1
		}
		return 0
	})
	return err
}
