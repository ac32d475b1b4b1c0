const hours = require(Runtime.getFunctions()['lib/business-hours'].path);
const { audioUrl } = require(Runtime.getFunctions()['lib/urls'].path);

// The voice webhook of the phone number.
exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();

  twiml.play(audioUrl(context, 'chime.wav'));
  twiml.say(context.GREETING || 'Thank you for calling.');
  if (hours.isOpen(context, new Date())) {
    twiml.redirect({ method: 'POST' }, '/menu/main');
  } else {
    twiml.say(`We are closed. ${hours.spoken(context)}`);
    twiml.redirect({ method: 'POST' }, '/voicemail/record');
  }
  callback(null, twiml);
};
