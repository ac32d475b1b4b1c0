package deploy

import (
	"slices"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestCompareTwins(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	later := day.Add(time.Hour)
	builds := []twilio.Build{
		{SID: "ZBnewest-but-building", Status: twilio.BuildBuilding, DateCreated: new(later.Add(time.Hour))},
		{SID: "ZBold", Status: twilio.BuildCompleted, DateCreated: &day},
		{SID: "ZBundated", Status: twilio.BuildCompleted},
		{SID: "ZBnew", Status: twilio.BuildCompleted, DateCreated: &later},
		{SID: "ZBalso-new", Status: twilio.BuildCompleted, DateCreated: &later},
	}
	slices.SortFunc(builds, compareTwins)
	var got []twilio.BuildSID
	for _, build := range builds {
		got = append(got, build.SID)
	}
	if want := []twilio.BuildSID{"ZBalso-new", "ZBnew", "ZBold", "ZBundated", "ZBnewest-but-building"}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
}
