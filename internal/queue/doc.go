// Package queue keeps what a server must not lose, in one SQLite database: Deliveries
// as they were received, the Jobs that come of them, the results of the Jobs' steps,
// and what the Jobs tell while they run.
//
// What is stored survives the process, killed at any moment: a Delivery is stored
// together with the Job that decides what it asks for, a Job's end together with the
// Jobs that follow, and a step's result before the next step begins. Jobs of one lane
// run one at a time, in order of arrival, which the database itself sees to; those of
// different lanes run side by side. A Job that supersedes ends those of its lane that
// have not begun, and stops the one that runs, unless that has gone live.
//
// What a Job does is not known here: its payload is the server's, and so are the kinds
// of Jobs. No other room knows the database. Level 1: of the project it imports
// problem.
package queue
