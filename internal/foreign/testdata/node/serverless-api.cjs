// Does with @twilio-labs/serverless-api what it can do beyond deploying a folder, and
// prints what it was told.
const { TwilioServerlessApiClient, api } = require('@twilio-labs/serverless-api');

const client = new TwilioServerlessApiClient({
  username: process.env.TWILIO_ACCOUNT_SID,
  password: process.env.TWILIO_AUTH_TOKEN,
});

const say = (what, ...told) => console.log(`${what}: ${told.join(' ')}`);
const sorted = (all, key) => all.map((one) => one[key]).sort().join(' ');

async function main() {
  const serviceSid = await api.findServiceSid('on-the-api', client);
  say('service', (await api.getService(serviceSid, client)).unique_name);

  // From memory, to an Environment that is not there yet.
  const source = 'exports.handler = (context, event, callback) => callback(null, "1");\n';
  const deployed = await client.deployProject({
    serviceSid,
    functionsEnv: 'memory',
    functions: [{ name: '/one', path: '/one', access: 'public', content: source }],
    assets: [{ name: '/two.json', path: '/two.json', access: 'private', content: Buffer.from('{"two": 2}') }],
    env: { KEPT: '1', DROPPED: '2', REMOVED: '3' },
    pkgJson: { dependencies: { lodash: '' } },
    uiEditable: true,
  });
  say('deployed', deployed.runtime, sorted(deployed.functionResources, 'name'), sorted(deployed.assetResources, 'name'));
  say('status', await api.getBuildStatus(deployed.buildSid, serviceSid, client));

  const promoted = await client.activateBuild({
    serviceSid,
    sourceEnvironment: 'memory',
    targetEnvironment: '',
    createEnvironment: true,
    env: { STAGE: 'production' },
  });
  say('promoted', promoted.buildSid === deployed.buildSid);
  await client
    .activateBuild({ serviceSid, buildSid: deployed.buildSid, targetEnvironment: promoted.environmentSid, env: {} })
    .catch((error) => say('promoted again', error.name, error.code));

  await client.setEnvironmentVariables({
    serviceSid, environment: 'memory', append: false, env: { KEPT: 'ä€', REMOVED: '3', ADDED: 'a=b&c' },
  });
  await client.removeEnvironmentVariables({ serviceSid, environment: 'memory', keys: ['REMOVED'] });
  const { variables } = await client.getEnvironmentVariables({
    serviceSid, environment: 'memory', keys: [], getValues: true,
  });
  say('variables', variables.map(({ key, value }) => `${key}=${value}`).sort().join(' '));

  const listed = await client.list({
    types: ['environments', 'builds', 'functions', 'assets', 'variables'], serviceSid, environment: 'memory',
  });
  say('environments', sorted(listed.environments, 'unique_name'));
  say('builds', listed.builds.length);
  say('functions', sorted(listed.functions.entries, 'path'));
  say('assets', sorted(listed.assets.entries, 'path'));
  say('variables', sorted(listed.variables.entries, 'key'));

  const one = deployed.functionResources[0];
  const { function_versions: versions } = await api.listFunctionVersions(serviceSid, one.sid, client);
  const { content } = await api.downloadFunctionVersion(serviceSid, one.sid, versions[0].sid, client);
  say('source', content === source);

  for (let i = 0; i < 3; i++) {
    await fetch(process.env.SLIPWAY_LIVE_URL.replace('{domain}', deployed.domain) + '/one');
  }
  const logs = await client.getLogs({ serviceSid, environment: 'memory', filterByFunction: '/one' });
  say('logs', logs.length);
  say('all logs', (await api.listLogResources(deployed.environmentSid, serviceSid, client)).length);
  const log = await api.getLog(logs[0].sid, deployed.environmentSid, serviceSid, client);
  say('log', log.level.toLowerCase(), log.message.split(' (')[0], log.function_sid === one.sid);
  const stream = await client.getLogsStream({ serviceSid, environment: 'memory', tail: false, limit: 50 });
  let streamed = 0;
  stream.on('data', (entry) => { streamed += entry.sid.startsWith('NO') ? 1 : 0; });
  // Its _destroy never calls back, so that "for await" would not end.
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  say('streamed', streamed);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
