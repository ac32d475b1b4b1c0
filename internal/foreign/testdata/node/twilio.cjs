// Does with the SDK every operation that it has, on the Service "seeded", and prints
// what it was told. The exercises of the other SDKs do the same.
const twilio = require('twilio')(process.env.TWILIO_ACCOUNT_SID, process.env.TWILIO_AUTH_TOKEN);

const { services } = twilio.serverless.v1;

const say = (what, ...told) => console.log(`${what}: ${told.join(' ')}`);
const sorted = (all, key) => all.map((one) => one[key]).sort().join(' ');

async function exerciseServices() {
  const made = await services.create({
    uniqueName: 'made', friendlyName: 'Made', includeCredentials: false, uiEditable: true,
  });
  const temporary = await services.create({ uniqueName: 'temporary', friendlyName: 'Temporary' });
  say('services', sorted(await services.list(), 'uniqueName'));
  await services(made.sid).update({ friendlyName: 'Remade' });
  const fetched = await services('made').fetch();
  const age = Date.now() - fetched.dateCreated.getTime();
  say('service', fetched.friendlyName, fetched.includeCredentials, fetched.uiEditable, Math.abs(age) < 3600e3 ? 'dated' : age);
  await services(temporary.sid).remove();
}

async function exerciseEnvironments(service) {
  const stage = await service.environments.create({ uniqueName: 'stage-environment', domainSuffix: 'stage' });
  const temporary = await service.environments.create({ uniqueName: 'temporary-environment', domainSuffix: 'temporary' });
  say('environments', sorted(await service.environments.list(), 'uniqueName'));
  const fetched = await service.environments(stage.sid).fetch();
  say('environment', fetched.domainSuffix, fetched.buildSid ?? 'nothing');
  await service.environments(temporary.sid).remove();

  const { variables } = service.environments(stage.sid);
  const one = await variables.create({ key: 'ONE', value: '1' });
  await variables.create({ key: 'TWO', value: 'ä€' });
  const three = await variables.create({ key: 'THREE', value: '3' });
  say('variables', sorted(await variables.list(), 'key'));
  await variables(one.sid).update({ value: '1=one & more' });
  const variable = await variables(one.sid).fetch();
  say('variable', variable.key, variable.value);
  await variables(three.sid).remove();
  return stage;
}

async function exerciseFiles(service) {
  const temporaryFunction = await service.functions.create({ friendlyName: '/temporary' });
  const madeFunction = await service.functions.create({ friendlyName: '/made' });
  const functions = await service.functions.list();
  say('functions', sorted(functions, 'friendlyName'));
  await service.functions(madeFunction.sid).update({ friendlyName: '/renamed' });
  say('function', (await service.functions(madeFunction.sid).fetch()).friendlyName);
  await service.functions(temporaryFunction.sid).remove();

  const hello = service.functions(functions.find((one) => one.friendlyName === '/hello').sid);
  const helloVersions = await hello.functionVersions.list();
  say('function versions', sorted(helloVersions, 'path'));
  const functionVersion = await hello.functionVersions(helloVersions[0].sid).fetch();
  say('function version', functionVersion.path, functionVersion.visibility);
  const { content } = await hello.functionVersions(functionVersion.sid).functionVersionContent().fetch();
  say('content', content);

  const temporaryAsset = await service.assets.create({ friendlyName: '/temporary.svg' });
  const madeAsset = await service.assets.create({ friendlyName: '/made.svg' });
  const assets = await service.assets.list();
  say('assets', sorted(assets, 'friendlyName'));
  await service.assets(madeAsset.sid).update({ friendlyName: '/renamed.svg' });
  say('asset', (await service.assets(madeAsset.sid).fetch()).friendlyName);
  await service.assets(temporaryAsset.sid).remove();

  const index = service.assets(assets.find((one) => one.friendlyName === '/index.html').sid);
  const indexVersions = await index.assetVersions.list();
  say('asset versions', sorted(indexVersions, 'path'));
  const assetVersion = await index.assetVersions(indexVersions[0].sid).fetch();
  say('asset version', assetVersion.path, assetVersion.visibility);
  return { functionVersion, assetVersion };
}

async function exerciseBuilds(service, stage, { functionVersion, assetVersion }) {
  const build = await service.builds.create({
    functionVersions: [functionVersion.sid],
    assetVersions: [assetVersion.sid],
    dependencies: JSON.stringify([{ name: 'lodash', version: '4.17.21' }]),
    runtime: 'node22',
  });
  let { status } = build;
  while (status === 'building') {
    await new Promise((resolve) => setTimeout(resolve, 20));
    ({ status } = await service.builds(build.sid).buildStatus().fetch());
  }
  say('built', status);
  const built = await service.builds(build.sid).fetch();
  say('build', built.status, built.runtime, built.functionVersions.length, built.assetVersions.length, sorted(built.dependencies, 'name'));
  const temporary = await service.builds.create({ functionVersions: [functionVersion.sid] });
  say('builds', (await service.builds.list()).length);
  await service.builds(temporary.sid).remove();

  const { deployments } = service.environments(stage.sid);
  await deployments.create({ buildSid: build.sid, isPlugin: false });
  say('emptied', (await deployments.create()).buildSid ?? 'nothing');
  const last = await deployments.create({ buildSid: build.sid });
  say('deployments', (await deployments.list()).length);
  const deployment = await deployments(last.sid).fetch();
  say('deployment', deployment.buildSid === build.sid ? 'the build' : deployment.buildSid);
}

async function exerciseLogs(service, functionSid) {
  const dev = (await service.environments.list()).find((one) => one.domainSuffix === 'dev');
  const { logs } = service.environments(dev.sid);
  const found = await logs.list({ functionSid, startDate: new Date(Date.now() - 3600e3), endDate: new Date(Date.now() + 3600e3) });
  say('logs', found.length);
  const log = await logs(found[0].sid).fetch();
  say('log', log.level.toLowerCase(), log.message.split(' (')[0]);
}

async function main() {
  await exerciseServices();
  const seeded = (await services.list()).find((one) => one.uniqueName === 'seeded');
  const service = services(seeded.sid);
  const stage = await exerciseEnvironments(service);
  const versions = await exerciseFiles(service);
  await exerciseBuilds(service, stage, versions);
  await exerciseLogs(service, versions.functionVersion.functionSid);
  await services('ZS00000000000000000000000000000000').fetch().catch((error) => say('refused', error.status, error.code));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
