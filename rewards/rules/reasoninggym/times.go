package reasoninggym

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// errOverflow is where Python raises OverflowError.
var errOverflow = errors.New("the answer's number is too large for a float, at which the published function fails")

// calendarArithmetic is CalendarArithmeticDataset.score_answer: another day of
// the week pays 0.1, or 0.05 in other letters; a count by how near it is. The
// published error is negative where the right count is (-1 for an event that
// does not recur): there any other answer pays more than 1, up to 1e308.
func calendarArithmetic(answer string, _ bool, e entry) (float64, error) {
	var task string
	if err := e.meta("task", &task); err != nil || answer == "" {
		return 0, err
	}
	switch task {
	case "weekday_offset", "weekday_of_date_from_first_date", "weekday_of_date":
		r, n := utf8.DecodeRuneInString(answer)
		switch title := string(unicode.ToTitle(r)) + pytext.Lower(answer[n:]); {
		case answer == e.answer:
			return 1, nil
		case !weekday(title):
			return 0, nil
		case answer == title:
			return 0.1, nil
		}
		return 0.05, nil
	case "count_business_days", "count_days", "recurring_event_day":
		got, ok := pytext.Int(answer)
		want, ok2 := pytext.Int(e.answer)
		if !ok || !ok2 {
			return 0, nil
		}
		if want.Sign() == 0 {
			return truth(got.Sign() == 0), nil
		}
		off, err := quotient(new(big.Int).Abs(new(big.Int).Sub(got, want)), want)
		if err != nil {
			return 0, err
		}
		reward := math.Exp(-5 * off)
		if math.IsInf(reward, 0) {
			return 0, errOverflow
		}
		return reward, nil
	case "is_leap_year":
		return truth(trimmedLower(answer) == pytext.Lower(e.answer)), nil
	}
	return 0, nil
}

func weekday(s string) bool {
	switch s {
	case "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday":
		return true
	}
	return false
}

// quotient is a / b of whole numbers.
func quotient(a, b *big.Int) (float64, error) {
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	if math.IsInf(f, 0) {
		return 0, errOverflow
	}
	return f, nil
}

// timeIntervals is TimeIntervalsDataset.score_answer with the limits of its
// defaults: what is left of a day, or of 100 days, after the difference.
func timeIntervals(answer string, found bool, e entry) (float64, error) {
	var task string
	if err := e.meta("task_type", &task); err != nil || !found {
		return 0, err
	}
	const day, days = 24 * 60 * 60, 100
	read, limit := readMoment, int64(days*day)
	switch {
	case task == "date":
		read, limit = readDays, days
	case strings.HasPrefix(task, "time"):
		read, limit = readTime, day
	}
	got, ok := read(answer)
	want, ok2 := read(e.answer)
	if !ok || !ok2 {
		return 0, nil
	}
	off, err := got.distance(want, limit)
	return max(0, 1-off), err
}

// duration is a number of days or seconds: whole, or with a part of a second
// that Python adds as a float.
type duration struct {
	whole *big.Int
	part  float64
	float bool
}

// seconds is the number as Python rounds it: what came with the part first.
func (d duration) seconds() (float64, error) {
	f, _ := new(big.Float).SetInt(d.whole).Float64()
	if math.IsInf(f, 0) || math.IsInf(d.part, 0) {
		return 0, errOverflow
	}
	return f + d.part, nil
}

// distance is how many limits two numbers are apart.
func (d duration) distance(o duration, limit int64) (float64, error) {
	if !d.float && !o.float {
		return quotient(new(big.Int).Abs(new(big.Int).Sub(d.whole, o.whole)), big.NewInt(limit))
	}
	a, err := d.seconds()
	b, err2 := o.seconds()
	return math.Abs(a-b) / float64(limit), errors.Join(err, err2)
}

// readDays reads "12 days".
func readDays(s string) (d duration, ok bool) {
	words := pytext.Words(s)
	if len(words) == 0 {
		return d, false
	}
	d.whole, ok = pytext.Int(words[0])
	return d, ok
}

// readTime reads 12:34, 12:34:56 or 12:34:56.789. The digits behind the point
// are thousandths however many there are.
func readTime(s string) (d duration, ok bool) {
	parts := strings.Split(s, ":")
	if len(parts) > 2 {
		if seconds, thousandths, point := strings.Cut(parts[2], "."); point {
			whole, ok := pytext.Int(seconds)
			ms, ok2 := pytext.Int(thousandths)
			if !ok || !ok2 {
				return d, false
			}
			f, _ := new(big.Float).SetInt(whole).Float64()
			d.part, _ = new(big.Rat).SetFrac(ms, big.NewInt(1000)).Float64()
			d.part += f
			d.float = true
			parts = parts[:2]
		}
	}
	d.whole, ok = clock(parts)
	return d, ok
}

// readMoment reads "3 days, 12:34" or "3 days, 12:34:56".
func readMoment(s string) (d duration, ok bool) {
	before, _, _ := strings.Cut(s, " days,")
	days, ok := pytext.Int(before)
	pieces := strings.Split(s, ",")
	if !ok || len(pieces) < 2 {
		return d, false
	}
	d.whole, ok = clock(strings.Split(pytext.Strip(pieces[1]), ":"))
	if ok {
		d.whole.Add(d.whole, days.Mul(days, big.NewInt(24*60*60)))
	}
	return d, ok
}

// clock is the seconds of hours, minutes and perhaps seconds.
func clock(parts []string) (*big.Int, bool) {
	sum := new(big.Int)
	if len(parts) < 2 {
		return nil, false
	}
	for i, size := range []int64{3600, 60, 1} {
		if i >= len(parts) {
			break
		}
		v, ok := pytext.Int(parts[i])
		if !ok {
			return nil, false
		}
		sum.Add(sum, v.Mul(v, big.NewInt(size)))
	}
	return sum, true
}
