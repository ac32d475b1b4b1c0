const prompts = require(Runtime.getFunctions()['lib/prompts'].path);
const hours = require(Runtime.getFunctions()['lib/business-hours'].path);

exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();

  switch (event.Digits) {
    case '1':
      twiml.redirect('/queue/enqueue');
      break;
    case '2':
      twiml.say(hours.spoken(context));
      twiml.redirect('/menu/main');
      break;
    case '3':
      twiml.redirect('/voicemail/record');
      break;
    default:
      twiml.say(prompts.get('unknown'));
      twiml.redirect(`/menu/main?attempt=${Number(event.attempt || 1) + 1}`);
  }
  callback(null, twiml);
};
