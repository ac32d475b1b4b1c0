// The webhook of a phone number: answers every text message with TwiML.
exports.handler = function (context, event, callback) {
  const twiml = new Twilio.twiml.MessagingResponse();
  const text = (event.Body || '').trim();

  if (/^(help|info)$/i.test(text)) {
    twiml.message('Text us your name and we will say hello.');
  } else {
    twiml.message(`Hello, ${text || 'stranger'}!`);
  }
  callback(null, twiml);
};
