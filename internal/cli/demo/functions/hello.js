// GET /hello?name=Ada answers a greeting. Each "slipway demo push" changes the next line.
const release = 0;

exports.handler = function (context, event, callback) {
  const name = event.name || 'World';
  callback(null, `${context.GREETING || 'Hello'}, ${name}! This is release ${release}.`);
};
