const audioUrl = (context, file) => `https://${context.DOMAIN_NAME}/audio/${file}`;

module.exports = { audioUrl };
