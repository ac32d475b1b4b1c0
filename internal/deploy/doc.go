// Package deploy takes a Project live: it reads what is live in a Target
// (ReadLive), works out the difference (Diff, a pure function that makes a
// Plan), and carries the Plan out step by step (Deployer.Apply).
//
// Every step is safe to repeat, and its result can be stored through the Steps
// interface, so that a run that was cut off goes on where it was. Until the
// last step nothing that is live changes; when the last step fails, the
// variables that it changed are put back.
//
// The package speaks to the platform through twilio.Client alone and shows
// nothing to people but Events; Explain turns its errors into words. Level 2:
// it imports project, twilio, job, problem, retry and secret.
package deploy
