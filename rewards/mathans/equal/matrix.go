package equal

import (
	"errors"

	"gradus/rewards/mathans/ast"
)

func hasMatrix(n *ast.Node) bool { return n.HasKind(ast.Matrix) }

var errShape = errors.New("matrices of different shapes")

// matrices compares element by element, after sums, products and transposes.
func (s *session) matrices(gold, pred *ast.Node) (Outcome, error) {
	g, err := s.matrix(gold)
	if err != nil {
		return s.notMatrix(gold, pred, err)
	}
	p, err := s.matrix(pred)
	if err != nil {
		return s.notMatrix(gold, pred, err)
	}
	if (g.Kind == ast.Matrix) != (p.Kind == ast.Matrix) {
		return no("matrix", Exact), nil
	}
	if g.Kind != ast.Matrix {
		return s.scalars(g, p)
	}
	if g.Rows != p.Rows || g.Cols != p.Cols {
		return no("matrix", Exact), nil
	}
	return s.inOrder("matrix", g.Args, p.Args)
}

func (s *session) notMatrix(gold, pred *ast.Node, err error) (Outcome, error) {
	if tooLarge(err) {
		return Outcome{}, err
	}
	if s.same(gold, pred) {
		return yes("identical", Exact), nil
	}
	return no("matrix", Heuristic), nil
}

// inOrder compares two sequences of the same length.
func (s *session) inOrder(rung string, gold, pred []*ast.Node) (Outcome, error) {
	o := yes(rung, Exact)
	if len(gold) != len(pred) {
		return no(rung, Exact), nil
	}
	for i := range gold {
		q, err := s.compare(gold[i], pred[i])
		if err != nil {
			return o, err
		}
		if o = o.and(q); !o.Equal {
			return o, nil
		}
	}
	return o, nil
}

const maxCells = 400

// matrix computes n to a matrix or a scalar.
func (s *session) matrix(n *ast.Node) (*ast.Node, error) {
	if err := s.spend(1); err != nil {
		return nil, err
	}
	if n.Kind == ast.Matrix || !hasMatrix(n) {
		return n, nil
	}
	m, err := s.combine(n)
	if err != nil {
		return nil, err
	}
	// Cells share what they are made of, so their text can be far larger than
	// what was written.
	if size := m.Size(maxComputed); size >= maxComputed {
		return nil, ErrBudget
	} else if err := s.spend(size / 8); err != nil {
		return nil, err
	}
	return m, nil
}

// maxComputed bounds the nodes of a computed matrix.
const maxComputed = 20_000

// combine computes one operation on matrices.
func (s *session) combine(n *ast.Node) (*ast.Node, error) {
	args := make([]*ast.Node, len(n.Args))
	for i, a := range n.Args {
		m, err := s.matrix(a)
		if err != nil {
			return nil, err
		}
		args[i] = m
	}
	switch n.Kind {
	case ast.Neg:
		return s.scale(ast.Int(-1), args[0]), nil
	case ast.Add:
		sum := args[0]
		for _, m := range args[1:] {
			if sum.Kind != ast.Matrix || m.Kind != ast.Matrix || sum.Rows != m.Rows || sum.Cols != m.Cols {
				return nil, errShape
			}
			cells := make([]*ast.Node, len(sum.Args))
			for i := range cells {
				cells[i] = ast.New(ast.Add, sum.Args[i], m.Args[i])
			}
			sum = &ast.Node{Kind: ast.Matrix, Rows: sum.Rows, Cols: sum.Cols, Args: cells}
		}
		return sum, s.spend(len(sum.Args))
	case ast.Mul:
		product := args[0]
		for _, m := range args[1:] {
			var err error
			if product, err = s.product(product, m); err != nil {
				return nil, err
			}
		}
		return product, nil
	case ast.Div:
		if args[1].Kind == ast.Matrix {
			return nil, errShape
		}
		return s.scale(ast.New(ast.Div, ast.Int(1), args[1]), args[0]), nil
	case ast.Func:
		switch {
		case n.Name == "transpose" && args[0].Kind == ast.Matrix:
			m := args[0]
			cells := make([]*ast.Node, 0, len(m.Args))
			for c := range m.Cols {
				for r := range m.Rows {
					cells = append(cells, m.Args[r*m.Cols+c])
				}
			}
			return &ast.Node{Kind: ast.Matrix, Rows: m.Cols, Cols: m.Rows, Args: cells}, nil
		case n.Name == "det" && args[0].Kind == ast.Matrix:
			return s.determinant(args[0])
		}
	}
	return nil, errShape
}

func (s *session) scale(k, m *ast.Node) *ast.Node {
	if m.Kind != ast.Matrix {
		return ast.New(ast.Mul, k, m)
	}
	cells := make([]*ast.Node, len(m.Args))
	for i, a := range m.Args {
		cells[i] = ast.New(ast.Mul, k, a)
	}
	return &ast.Node{Kind: ast.Matrix, Rows: m.Rows, Cols: m.Cols, Args: cells}
}

func (s *session) product(a, b *ast.Node) (*ast.Node, error) {
	switch {
	case a.Kind != ast.Matrix:
		return s.scale(a, b), nil
	case b.Kind != ast.Matrix:
		return s.scale(b, a), nil
	case a.Cols != b.Rows:
		return nil, errShape
	}
	if a.Rows*b.Cols > maxCells {
		return nil, ErrBudget
	}
	if err := s.spend(a.Rows * a.Cols * b.Cols); err != nil {
		return nil, err
	}
	cells := make([]*ast.Node, 0, a.Rows*b.Cols)
	for r := range a.Rows {
		for c := range b.Cols {
			terms := make([]*ast.Node, a.Cols)
			for k := range a.Cols {
				terms[k] = ast.New(ast.Mul, a.Args[r*a.Cols+k], b.Args[k*b.Cols+c])
			}
			cells = append(cells, ast.New(ast.Add, terms...))
		}
	}
	return &ast.Node{Kind: ast.Matrix, Rows: a.Rows, Cols: b.Cols, Args: cells}, nil
}

// determinant expands along the first row, up to five rows.
func (s *session) determinant(m *ast.Node) (*ast.Node, error) {
	if m.Rows != m.Cols || m.Rows > 5 {
		return nil, errShape
	}
	if err := s.spend(10 * m.Rows); err != nil {
		return nil, err
	}
	if m.Rows == 1 {
		return m.Args[0], nil
	}
	terms := make([]*ast.Node, m.Cols)
	for c := range m.Cols {
		minor := &ast.Node{Kind: ast.Matrix, Rows: m.Rows - 1, Cols: m.Cols - 1}
		for r := 1; r < m.Rows; r++ {
			for k := range m.Cols {
				if k != c {
					minor.Args = append(minor.Args, m.Args[r*m.Cols+k])
				}
			}
		}
		d, err := s.determinant(minor)
		if err != nil {
			return nil, err
		}
		terms[c] = ast.New(ast.Mul, m.Args[c], d)
		if c%2 == 1 {
			terms[c] = ast.New(ast.Neg, terms[c])
		}
	}
	return ast.New(ast.Add, terms...), nil
}
