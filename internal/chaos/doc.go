// Package chaos holds what the webhook server promises whatever happens to it: pushes
// and pull requests are delivered in the wrong order and more than once, calls fail at
// both platforms, and the server is killed with SIGKILL again and again. In the end
// nothing is lost, everything is as the newest commits have it, and GitHub knows.
//
//	make chaos
//
// The server is the binary as it is released, a process of its own; both Sandboxes are
// the platforms. It has no code but tests; docs/reliability.md tells what they hold.
package chaos
