// GET /hello?name=Ada answers a greeting.
exports.handler = function (context, event, callback) {
  const name = event.name || 'World';
  callback(null, `Hello, ${name}!`);
};
