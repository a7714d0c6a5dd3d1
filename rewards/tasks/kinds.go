package tasks

// kinds returns the tasks that are worked in steps, in the order to show them.
func kinds() []kind {
	return []kind{additionKind(), multiplicationKind(), modArithKind(), gcdKind(), linearKind(), baseKind(), sortKind(), reverseKind(), caesarKind(),
		letterCountKind(), parityKind(), bracketsKind(), pathKind(), sudokuKind(), booleanKind()}
}

// findKind returns the kind of a task name.
func findKind(name string) (kind, bool) {
	for _, k := range kinds() {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}
