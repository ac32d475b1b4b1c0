// The status callback of the phone number: one log line for each call.
exports.handler = function (context, event, callback) {
  const { CallSid, CallStatus, CallDuration = '0', Direction } = event;
  console.log(
    JSON.stringify({
      call: CallSid,
      status: CallStatus,
      seconds: Number(CallDuration),
      direction: Direction,
    })
  );
  callback(null, '');
};
