// For monitors and for the health check after a deployment.
exports.handler = function (context, event, callback) {
  const response = new Twilio.Response();
  response.appendHeader('Content-Type', 'application/json');
  response.appendHeader('Cache-Control', 'no-store');
  response.setBody({ status: 'ok', company: context.COMPANY_NAME || null });
  callback(null, response);
};
