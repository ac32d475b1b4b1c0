// Package server is the front door for webhooks: it stores what GitHub delivers,
// decides what a Delivery asks for, and carries the Jobs out by the same pipeline as the
// command line and the Action.
//
// Intake answers GitHub, and only stores. What runs is queue's to keep; who may deploy
// where is server.yml's to say. Level 6.
package server
