package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"time"

	"gradus/store/parquet"
)

// jsonLines writes an object a row, with its keys in the order of the columns.
// Missing values are null; columns of JSON are values, not strings.
type jsonLines struct {
	w       io.Writer
	columns []parquet.Column
	b       bytes.Buffer
}

func (j *jsonLines) Write(row []any) error {
	j.b.Reset()
	enc := json.NewEncoder(&j.b)
	enc.SetEscapeHTML(false)
	for i, v := range row {
		j.b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		if err := enc.Encode(j.columns[i].Name); err != nil {
			return err
		}
		j.b.Truncate(j.b.Len() - 1) // the newline of Encode
		j.b.WriteByte(':')
		switch x := v.(type) {
		case float64:
			if math.IsNaN(x) || math.IsInf(x, 0) {
				v = nil // JSON has no such number
			}
		case string:
			if j.columns[i].Type == parquet.JSON {
				v = json.RawMessage(x)
			}
		}
		if err := enc.Encode(v); err != nil {
			return err
		}
		j.b.Truncate(j.b.Len() - 1)
	}
	j.b.WriteString("}\n")
	_, err := j.w.Write(j.b.Bytes())
	return err
}

func (j *jsonLines) Close() error { return nil }

// csvFile writes RFC 4180 with a line of names. Missing values are empty;
// numbers are as short as they can be without losing a bit; times are in UTC.
type csvFile struct {
	w       *csv.Writer
	columns []parquet.Column
	cells   []string
}

func newCSV(w io.Writer, columns []parquet.Column) (*csvFile, error) {
	c := &csvFile{w: csv.NewWriter(w), columns: columns, cells: make([]string, len(columns))}
	for i, col := range columns {
		c.cells[i] = col.Name
	}
	return c, c.w.Write(c.cells)
}

func (c *csvFile) Write(row []any) error {
	for i, v := range row {
		c.cells[i] = ""
		switch v := v.(type) {
		case bool:
			c.cells[i] = strconv.FormatBool(v)
		case int64:
			c.cells[i] = strconv.FormatInt(v, 10)
			if c.columns[i].Type == parquet.Micros {
				c.cells[i] = time.UnixMicro(v).UTC().Format("2006-01-02T15:04:05.000000Z07:00")
			}
		case float64:
			c.cells[i] = strconv.FormatFloat(v, 'g', -1, 64)
		case string:
			c.cells[i] = v
		}
	}
	return c.w.Write(c.cells)
}

func (c *csvFile) Close() error {
	c.w.Flush()
	return c.w.Error()
}
