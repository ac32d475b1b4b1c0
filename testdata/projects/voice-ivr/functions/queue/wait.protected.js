const prompts = require(Runtime.getFunctions()['lib/prompts'].path);
const { audioUrl } = require(Runtime.getFunctions()['lib/urls'].path);

// Twilio asks again whenever the music ends.
exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();
  const position = Number(event.QueuePosition || 0);

  if (position > 0) {
    twiml.say(prompts.get('position', { position }));
  }
  twiml.play({ loop: 4 }, audioUrl(context, 'chime.wav'));
  callback(null, twiml);
};
