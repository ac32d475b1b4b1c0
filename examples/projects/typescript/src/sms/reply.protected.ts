import type {
  ServerlessEventObject,
  ServerlessFunctionSignature,
} from '@twilio-labs/serverless-runtime-types/types';

type Message = { Body?: string };

export const handler: ServerlessFunctionSignature<{}, ServerlessEventObject<Message>> = (context, event, callback) => {
  const reply = new Twilio.twiml.MessagingResponse();
  reply.message(`You said: ${event.Body ?? 'nothing'}`);
  callback(null, reply);
};
