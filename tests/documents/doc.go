// Package documents reads the documents of the repository as somebody does who
// copies commands out of them: which commands they have, a clean clone to run
// them in, and a shell. Its tests run those of README.md, CONTRIBUTING.md and the
// pages of the functions, and fail if a document has a command that no test
// runs.
package documents
