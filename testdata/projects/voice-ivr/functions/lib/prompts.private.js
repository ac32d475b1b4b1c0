const { template } = require('lodash');

// The texts are an Asset, so that they change without touching code.
function get(name, values = {}) {
  const texts = JSON.parse(Runtime.getAssets()['/data/prompts.json'].open());
  if (!(name in texts)) {
    throw new Error(`There is no prompt "${name}"`);
  }
  return template(texts[name])(values);
}

module.exports = { get };
