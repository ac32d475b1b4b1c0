import type {
  ServerlessEventObject,
  ServerlessFunctionSignature,
} from '@twilio-labs/serverless-runtime-types/types';

type Variables = { GREETING?: string };
type Parameters = { name?: string };

export const handler: ServerlessFunctionSignature<Variables, ServerlessEventObject<Parameters>> = (
  context,
  event,
  callback,
) => {
  callback(null, `${context.GREETING ?? 'Hello'}, ${event.name ?? 'world'}!`);
};
