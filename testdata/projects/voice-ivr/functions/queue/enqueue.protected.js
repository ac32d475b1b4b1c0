const prompts = require(Runtime.getFunctions()['lib/prompts'].path);

exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();

  twiml.say(prompts.get('connecting'));
  twiml.enqueue(
    { waitUrl: '/queue/wait', action: '/queue/left' },
    context.QUEUE_NAME || 'support'
  );
  callback(null, twiml);
};
