package rule

import "sync"

// Apart calls f for 0 to n-1 side by side, so many at a time, and waits for
// all.
func Apart(n, most int, f func(i int)) {
	places := make(chan struct{}, max(1, most))
	var wg sync.WaitGroup
	for i := range n {
		places <- struct{}{}
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { <-places }()
			f(i)
		}()
	}
	wg.Wait()
}
