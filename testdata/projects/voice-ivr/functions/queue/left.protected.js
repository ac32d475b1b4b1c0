exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.VoiceResponse();

  if (event.QueueResult === 'queue-full' || event.QueueResult === 'error') {
    twiml.redirect('/voicemail/record');
  } else {
    twiml.hangup();
  }
  callback(null, twiml);
};
