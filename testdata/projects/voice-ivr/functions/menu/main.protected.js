const prompts = require(Runtime.getFunctions()['lib/prompts'].path);

const MAX_ATTEMPTS = 3;

exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();
  const attempt = Number(event.attempt || 1);

  if (attempt > MAX_ATTEMPTS) {
    twiml.say(prompts.get('goodbye'));
    twiml.hangup();
    return callback(null, twiml);
  }
  const gather = twiml.gather({
    numDigits: 1,
    timeout: 6,
    action: `/menu/select?attempt=${attempt}`,
  });
  gather.say(prompts.get('menu', { company: context.COMPANY_NAME }));
  twiml.redirect(`/menu/main?attempt=${attempt + 1}`);
  return callback(null, twiml);
};
