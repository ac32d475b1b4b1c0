const prompts = require(Runtime.getFunctions()['lib/prompts'].path);

exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();

  twiml.say(prompts.get('voicemail'));
  twiml.record({
    action: '/voicemail/saved',
    maxLength: Number(context.VOICEMAIL_MAX_SECONDS || 120),
    playBeep: true,
    trim: 'trim-silence',
  });
  callback(null, twiml);
};
