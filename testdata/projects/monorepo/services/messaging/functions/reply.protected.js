const { formatDistanceToNow, parseISO } = require('date-fns');
const { truncate } = require('lodash');

exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.MessagingResponse();
  const since = formatDistanceToNow(parseISO(context.FOUNDED || '1998-04-01'));
  const quoted = truncate(event.Body || '', { length: 40 });
  twiml.message(`You wrote "${quoted}". Northwind has been around for ${since}.`);
  callback(null, twiml);
};
