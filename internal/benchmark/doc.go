// Package benchmark holds what Slipway promises about speed and size, as
// benchmarks that fail when a ceiling is exceeded:
//
//	make bench
//
// They build the binary as it is released, static and stripped, and run it as
// processes of its own, the sandbox apart from the deploy, so that time and
// memory are those of one process. The webhook server's intake and its queue run
// within the benchmark, in turns with what they are held to. One of them installs twilio-run, and is skipped
// where node or npm is missing. It has no code but tests, which need a Unix: the
// kernel there keeps the peak of a process's memory.
package benchmark
