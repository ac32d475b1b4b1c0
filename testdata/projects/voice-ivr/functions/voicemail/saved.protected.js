const prompts = require(Runtime.getFunctions()['lib/prompts'].path);

// Tells the team by text message, then thanks the caller.
exports.handler = async function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();

  if (context.SUPPORT_NUMBER && event.RecordingUrl) {
    try {
      await context.getTwilioClient().messages.create({
        from: event.To,
        to: context.SUPPORT_NUMBER,
        body: `Voicemail from ${event.From}: ${event.RecordingUrl}`,
      });
    } catch (error) {
      console.error('The team could not be told:', error.message);
    }
  }
  twiml.say(prompts.get('thanks'));
  twiml.hangup();
  callback(null, twiml);
};
