// manifest-gate reads rendered manifests on standard input and refuses what a strict API server would refuse:
// every document is decoded strictly into its typed kind (an unknown, repeated or mistyped field fails), kinds
// that nobody knows fail, and each pod template must pass the restricted Pod Security Standard.
//
//	helm template helm/ipsmgw | manifest-gate
//
// It prints one line a problem and ends with a line of counts; exit codes: 0 clean, 1 problems, 2 unreadable.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "manifest-gate:", err)
		os.Exit(2)
	}
	gate, err := newGate()
	if err != nil {
		fmt.Fprintln(os.Stderr, "manifest-gate:", err)
		os.Exit(2)
	}
	result, err := gate.check(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, "manifest-gate:", err)
		os.Exit(2)
	}
	for _, problem := range result.problems {
		fmt.Println(problem)
	}
	fmt.Printf("%d documents, %d pod templates, %d problems\n", result.documents, result.podTemplates, len(result.problems))
	if len(result.problems) > 0 || result.documents == 0 {
		os.Exit(1)
	}
}
