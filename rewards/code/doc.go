// Package code judges programs that a model wrote: it takes the program out of
// a completion, runs it against the test cases of the row in a sandbox, and
// compares what comes out with what should, outside of the sandbox.
//
// Expected outputs never enter the process that runs the model's code, and
// nothing that process says about itself counts as evidence: not its exit
// code alone, not a line like "all tests passed". Tests that are code
// (assertions, check functions) run in a second sandboxed process which only
// exchanges plain data with the first.
package code

// Status is what became of a program, or of one test case.
type Status string

// The statuses of a verdict. All but the last three are judgements of the
// program; those say that there is none.
const (
	Accepted     Status = "accepted"
	WrongAnswer  Status = "wrong_answer"
	RuntimeError Status = "runtime_error"
	TimeLimit    Status = "time_limit"
	MemoryLimit  Status = "memory_limit"
	OutputLimit  Status = "output_limit"
	CompileError Status = "compile_error"
	NoCode       Status = "no_code" // the completion holds no program

	NoTests      Status = "no_tests"      // the row holds no tests that can be read
	NoLanguage   Status = "no_language"   // the language is unknown or not installed here
	SandboxError Status = "sandbox_error" // the sandbox failed; the program is not to blame
)

// Judges says whether the status judges the program; otherwise it must not
// become a score.
func (s Status) Judges() bool { return s != NoTests && s != NoLanguage && s != SandboxError }
