const { formatInTimeZone } = require('date-fns-tz');
const { isWeekend } = require('date-fns');
const { includes } = require('lodash');

const holidays = () =>
  JSON.parse(Runtime.getAssets()['/data/holidays.json'].open()).closed;

function isOpen(context, now) {
  const zone = context.TIME_ZONE || 'UTC';
  const day = formatInTimeZone(now, zone, 'yyyy-MM-dd');
  const time = formatInTimeZone(now, zone, 'HH:mm');

  if (isWeekend(new Date(`${day}T12:00:00`)) || includes(holidays(), day)) {
    return false;
  }
  return time >= (context.OPENS_AT || '09:00') && time < (context.CLOSES_AT || '17:00');
}

function spoken(context) {
  return `We are open on weekdays from ${context.OPENS_AT} to ${context.CLOSES_AT}.`;
}

module.exports = { isOpen, spoken };
