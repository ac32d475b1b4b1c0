const { format } = require('date-fns');
const { trim } = require('lodash');

exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();
  twiml.say(trim(Runtime.getAssets()['/greeting.txt'].open()));
  twiml.say(`Today is ${format(new Date(), 'EEEE')}. Please hold.`);
  twiml.dial(context.FRONT_DESK);
  callback(null, twiml);
};
