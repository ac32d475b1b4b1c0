// An SDK that is not ours, in a module of its own: nothing else depends on it.
module example

go 1.26.0

require github.com/twilio/twilio-go v1.31.0

require (
	github.com/golang/mock v1.6.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
)
