package github

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Status is a commit status. Statuses are never changed, only added: the
// newest of a context is the one that counts.
type Status struct {
	ID          int64
	SHA         string
	State       string // error, failure, pending or success
	Context     string
	Description string // empty where GitHub says null
	TargetURL   string // empty where GitHub says null
	Creator     string // login
	Created     time.Time
}

// statusBody is a status in answers. The combined status leaves out its
// creator.
type statusBody struct {
	URL         string    `json:"url"`
	ID          int64     `json:"id"`
	State       string    `json:"state"`
	Description *string   `json:"description"`
	TargetURL   *string   `json:"target_url"`
	Context     string    `json:"context"`
	CreatedAt   string    `json:"created_at"`
	UpdatedAt   string    `json:"updated_at"`
	Creator     *userBody `json:"creator,omitempty"`
}

func (c *call) statusBody(one *Status) statusBody {
	in := c.repository()
	creator := c.userBody(one.Creator)
	return statusBody{
		URL: c.url("repos", in.owner, in.name, "statuses", one.SHA), ID: one.ID, State: one.State,
		Description: orNull(one.Description), TargetURL: orNull(one.TargetURL), Context: one.Context,
		CreatedAt: timestamp(one.Created), UpdatedAt: timestamp(one.Created), Creator: &creator,
	}
}

func createStatus(c *call) (reply, error) {
	in, sha := c.repository(), c.params["sha"]
	if wrong := wrongStatus(sha, c.body); len(wrong) > 0 {
		return reply{}, &apiError{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: wrong}
	}
	if in.commit(sha) == nil {
		// As in rust-lang/homu issue 141.
		return reply{}, refusal(http.StatusUnprocessableEntity, "No commit found for SHA: %s", sha)
	}
	one := &Status{
		ID: c.sandbox.nextID(), SHA: sha, State: c.body["state"], Context: orDefault(c.body["context"], "default"),
		Description: c.body["description"], TargetURL: c.body["target_url"], Creator: c.token.Login, Created: c.now.UTC(),
	}
	if len(in.statusesOf(sha, one.Context)) >= maxStatuses {
		// As in yykamei/block-merge-based-on-time issue 199.
		return reply{}, &apiError{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: []fieldError{
			{Resource: "Status", Code: "custom", Field: "base", Message: "This SHA and context has reached the maximum number of statuses."},
		}}
	}
	in.statuses = append(in.statuses, one)
	c.status = one
	body := c.statusBody(one)
	return reply{status: http.StatusCreated, body: body, header: map[string]string{"Location": body.URL}}, nil
}

// wrongStatus tells everything that GitHub would refuse in a status. The texts
// are GitHub's, as quoted in public issues.
func wrongStatus(sha string, body map[string]string) []fieldError {
	var wrong []fieldError
	add := func(field, message string) {
		wrong = append(wrong, fieldError{Resource: "Status", Code: "custom", Field: field, Message: message})
	}
	if !isSHA(sha) {
		add("sha", "sha must be a 40 character SHA1") // activebridge/projectr issue 53
	}
	if !slices.Contains([]string{"error", "failure", "pending", "success"}, body["state"]) {
		add("state", "state is not included in the list") // virt-s1/rhel-edge issue 163
	}
	for _, message := range wrongDescription(body["description"]) {
		add("description", message)
	}
	if context, isGiven := body["context"]; isGiven && strings.TrimSpace(context) == "" {
		// As in woodpecker-ci/woodpecker issue 2716.
		wrong = append(wrong, fieldError{Resource: "Status", Code: "missing_field", Field: "context"})
	}
	if utf8.RuneCountInString(body["context"]) > maxContext {
		add("context", "context is too long (maximum is "+strconv.Itoa(maxContext)+" characters)")
	}
	if target := body["target_url"]; target != "" && !isWebAddress(target) {
		add("target_url", "Target url must use http(s) scheme") // projectbluefin/lab issue 689
	}
	return wrong
}

// wrongDescription tells what GitHub refuses in the description of a status.
func wrongDescription(description string) []string {
	var wrong []string
	if utf8.RuneCountInString(description) > maxDescription {
		wrong = append(wrong, "description is too long (maximum is 140 characters)")
	}
	if strings.ContainsFunc(description, func(r rune) bool { return r > 0xFFFF }) {
		wrong = append(wrong, "description doesn't accept 4-byte Unicode") // ouzi-dev/commit-status-updater issue 526
	}
	return wrong
}

func isWebAddress(text string) bool {
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Host != ""
}

// statusesOf returns a commit's statuses of a context, which has no case, or of
// all contexts when it is empty; oldest first.
func (one *repository) statusesOf(sha, context string) []*Status {
	var found []*Status
	for _, made := range one.statuses {
		if made.SHA == sha && (context == "" || strings.EqualFold(made.Context, context)) {
			found = append(found, made)
		}
	}
	return found
}

// listStatuses lists all statuses that a commit ever had, newest first.
func listStatuses(c *call) (reply, error) {
	sha, found := c.repository().resolve(c.params["ref"])
	if !found && !c.sandbox.options.Switches.UnknownRefsAreEmpty {
		return reply{}, notFound()
	}
	newestFirst := c.repository().statusesOf(sha, "")
	slices.Reverse(newestFirst)
	shown, header, err := page(c, newestFirst)
	if err != nil {
		return reply{}, err
	}
	bodies := make([]statusBody, 0, len(shown))
	for _, one := range shown {
		bodies = append(bodies, c.statusBody(one))
	}
	return reply{status: http.StatusOK, header: header, body: bodies}, nil
}

type combinedBody struct {
	State      string         `json:"state"`
	Statuses   []statusBody   `json:"statuses"`
	SHA        string         `json:"sha"`
	TotalCount int            `json:"total_count"`
	Repository repositoryBody `json:"repository"`
	CommitURL  string         `json:"commit_url"`
	URL        string         `json:"url"`
}

// getCombinedStatus shows the newest status of each context, and what they come
// to together.
func getCombinedStatus(c *call) (reply, error) {
	in := c.repository()
	sha, found := in.resolve(c.params["ref"])
	if !found {
		// As in activebridge/projectr issue 48.
		return reply{}, refusal(http.StatusNotFound, "Ref not found")
	}
	latest := latestOfEach(in.statusesOf(sha, ""))
	shown, header, err := page(c, latest)
	if err != nil {
		return reply{}, err
	}
	commitURL := c.url("repos", in.owner, in.name, "commits", sha)
	body := combinedBody{
		State: combinedState(latest), Statuses: []statusBody{}, SHA: sha, TotalCount: len(latest),
		Repository: c.repositoryBody(in), CommitURL: commitURL, URL: commitURL + "/status",
	}
	for _, one := range shown {
		flat := c.statusBody(one)
		flat.Creator = nil
		body.Statuses = append(body.Statuses, flat)
	}
	return reply{status: http.StatusOK, header: header, body: body}, nil
}

// latestOfEach keeps the newest status of each context, in the order in which
// the contexts first came.
func latestOfEach(oldestFirst []*Status) []*Status {
	var latest []*Status
	for _, one := range oldestFirst {
		place := slices.IndexFunc(latest, func(other *Status) bool { return strings.EqualFold(other.Context, one.Context) })
		if place < 0 {
			latest = append(latest, one)
		} else {
			latest[place] = one
		}
	}
	return latest
}

// combinedState is failure when any context has an error or a failure, pending
// when there is none or any is pending, and success otherwise:
// docs.github.com/rest/commits/statuses.
func combinedState(latest []*Status) string {
	state := "success"
	for _, one := range latest {
		switch one.State {
		case "error", "failure":
			return "failure"
		case "pending":
			state = "pending"
		}
	}
	if len(latest) == 0 {
		return "pending"
	}
	return state
}
