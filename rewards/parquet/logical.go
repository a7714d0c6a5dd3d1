package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
)

// meaning is what a column's stored values stand for (the format's LogicalTypes
// document); its zero value is that they stand for themselves.
type meaning struct {
	kind  meant
	scale int           // digits behind the point of a decimal
	unit  time.Duration // of times and of points in time
}

type meant uint8

const (
	itself meant = iota
	unsigned
	decimal
	date
	timeOfDay
	pointInTime // since 1970, as if in UTC
	halfFloat
	uuid
	interval
)

// meaningOf reads the annotation of a schema element: the logical type, or the
// converted type of older writers. why says that it cannot be read.
func meaningOf(e fields) (m meaning, why string) {
	m.unit = time.Microsecond
	if logical := e.sub(10); logical != nil {
		for id := range logical {
			of := logical.sub(id)
			switch id {
			case 5:
				m.kind, m.scale = decimal, int(of.int(1))
			case 6:
				m.kind = date
			case 7, 8:
				if m.kind = timeOfDay; id == 8 {
					m.kind = pointInTime
				}
				switch unit := of.sub(2); {
				case unit[1] != nil:
					m.unit = time.Millisecond
				case unit[3] != nil:
					m.unit = time.Nanosecond
				}
			case 10:
				if signed, said := of[2].(bool); said && !signed {
					m.kind = unsigned
				}
			case 14:
				m.kind = uuid
			case 15:
				m.kind = halfFloat
			}
		}
	} else if converted, said := e[6].(int64); said {
		switch converted {
		case 5:
			m.kind, m.scale = decimal, int(e.int(7))
		case 6:
			m.kind = date
		case 7, 9:
			m.unit = time.Millisecond
			fallthrough
		case 8, 10:
			if m.kind = timeOfDay; converted > 8 {
				m.kind = pointInTime
			}
		case 11, 12, 13, 14:
			m.kind = unsigned
		case 21:
			m.kind = interval
		}
	}
	if m.kind == decimal && (m.scale < 0 || m.scale > 1000) {
		return m, fmt.Sprintf("decimals with %d digits behind the point are not read", m.scale)
	}
	if m.kind == interval {
		return m, "intervals of time are not read"
	}
	return m, ""
}

// integer is a whole number of a column as JSON.
func (l *leaf) integer(v int64) json.RawMessage {
	switch l.means.kind {
	case unsigned:
		if l.kind == 1 {
			v = int64(uint32(v))
		}
		return strconv.AppendUint(nil, uint64(v), 10)
	case decimal:
		return decimalNumber(big.NewInt(v), l.means.scale)
	case date:
		return quoted(time.Unix(0, 0).UTC().AddDate(0, 0, int(v)).Format(time.DateOnly))
	case timeOfDay, pointInTime:
		perSecond := int64(time.Second / l.means.unit)
		seconds, rest := v/perSecond, v%perSecond
		if rest < 0 {
			seconds, rest = seconds-1, rest+perSecond
		}
		at := time.Unix(seconds, rest*int64(l.means.unit)).UTC()
		if l.means.kind == timeOfDay {
			return quoted(at.Format("15:04:05.999999999"))
		}
		return quoted(at.Format("2006-01-02T15:04:05.999999999"))
	}
	return strconv.AppendInt(nil, v, 10)
}

// bytes is a text of a column as JSON, or what else its bytes stand for.
func (l *leaf) bytes(b []byte) (json.RawMessage, error) {
	switch {
	case l.means.kind == decimal && len(b) <= 64:
		v := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return decimalNumber(v, l.means.scale), nil
	case l.means.kind == halfFloat && len(b) == 2:
		return number(half(binary.LittleEndian.Uint16(b)), 32), nil
	case l.means.kind == uuid && len(b) == 16:
		x := hex.EncodeToString(b)
		return quoted(x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]), nil
	}
	return textValue(b)
}

// int96 is a point in time as Spark and Impala wrote it: nanoseconds of the day
// and the Julian day.
func int96(b []byte) json.RawMessage {
	const julian1970 = 2440588
	nanos, day := int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint32(b[8:]))
	return quoted(time.Unix((day-julian1970)*86400, nanos).UTC().Format("2006-01-02T15:04:05.999999999"))
}

// decimalNumber writes v/10^scale with all of its digits, as 12.50.
func decimalNumber(v *big.Int, scale int) json.RawMessage {
	digits := new(big.Int).Abs(v).String()
	for len(digits) <= scale {
		digits = "0" + digits
	}
	out := digits
	if scale > 0 {
		out = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if v.Sign() < 0 {
		out = "-" + out
	}
	return json.RawMessage(out)
}

// half is the value of an IEEE 754 number of 16 bits.
func half(b uint16) float64 {
	exponent, fraction := int(b>>10&31), float64(b&1023)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		if v = math.Inf(1); fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if b>>15 == 1 {
		v = -v
	}
	return v
}

// quoted is a text without anything to escape as JSON.
func quoted(s string) json.RawMessage { return json.RawMessage(`"` + s + `"`) }
