"""Does with the SDK every operation that it has, on the Service "seeded", and prints
what it was told. The exercises of the other SDKs do the same."""

import datetime
import json
import time

from twilio.base.exceptions import TwilioRestException

from sandbox import client

services = client.serverless.v1.services


def say(what, *told):
    print(what + ": " + " ".join(str(one) for one in told))


def in_order(found, key):
    return " ".join(sorted(getattr(one, key) for one in found))


def exercise_services():
    made = services.create(
        unique_name="made", friendly_name="Made", include_credentials=False, ui_editable=True
    )
    temporary = services.create(unique_name="temporary", friendly_name="Temporary")
    say("services", in_order(services.list(), "unique_name"))
    services(made.sid).update(friendly_name="Remade")
    fetched = services("made").fetch()
    age = datetime.datetime.now(datetime.timezone.utc) - fetched.date_created
    dated = "dated" if abs(age) < datetime.timedelta(hours=1) else age
    say("service", fetched.friendly_name, *(json.dumps(one) for one in (fetched.include_credentials, fetched.ui_editable)), dated)
    assert services(temporary.sid).delete()


def exercise_environments(service):
    stage = service.environments.create(unique_name="stage-environment", domain_suffix="stage")
    temporary = service.environments.create(unique_name="temporary-environment", domain_suffix="temporary")
    say("environments", in_order(service.environments.list(), "unique_name"))
    fetched = service.environments(stage.sid).fetch()
    say("environment", fetched.domain_suffix, fetched.build_sid or "nothing")
    assert service.environments(temporary.sid).delete()

    variables = service.environments(stage.sid).variables
    one = variables.create(key="ONE", value="1")
    variables.create(key="TWO", value="ä€")
    three = variables.create(key="THREE", value="3")
    say("variables", in_order(variables.list(), "key"))
    variables(one.sid).update(value="1=one & more")
    variable = variables(one.sid).fetch()
    say("variable", variable.key, variable.value)
    assert variables(three.sid).delete()
    return stage


def exercise_files(service):
    temporary = service.functions.create(friendly_name="/temporary")
    made = service.functions.create(friendly_name="/made")
    functions = service.functions.list()
    say("functions", in_order(functions, "friendly_name"))
    service.functions(made.sid).update(friendly_name="/renamed")
    say("function", service.functions(made.sid).fetch().friendly_name)
    assert service.functions(temporary.sid).delete()

    hello = service.functions(next(one.sid for one in functions if one.friendly_name == "/hello"))
    versions = hello.function_versions.list()
    say("function versions", in_order(versions, "path"))
    function_version = hello.function_versions(versions[0].sid).fetch()
    say("function version", function_version.path, function_version.visibility)
    say("content", hello.function_versions(function_version.sid).function_version_content().fetch().content)

    temporary = service.assets.create(friendly_name="/temporary.svg")
    made = service.assets.create(friendly_name="/made.svg")
    assets = service.assets.list()
    say("assets", in_order(assets, "friendly_name"))
    service.assets(made.sid).update(friendly_name="/renamed.svg")
    say("asset", service.assets(made.sid).fetch().friendly_name)
    assert service.assets(temporary.sid).delete()

    index = service.assets(next(one.sid for one in assets if one.friendly_name == "/index.html"))
    versions = index.asset_versions.list()
    say("asset versions", in_order(versions, "path"))
    asset_version = index.asset_versions(versions[0].sid).fetch()
    say("asset version", asset_version.path, asset_version.visibility)
    return function_version, asset_version


def exercise_builds(service, stage, function_version, asset_version):
    build = service.builds.create(
        function_versions=[function_version.sid],
        asset_versions=[asset_version.sid],
        dependencies=json.dumps([{"name": "lodash", "version": "4.17.21"}]),
        runtime="node22",
    )
    status = build.status
    while status == "building":
        time.sleep(0.02)
        status = service.builds(build.sid).build_status().fetch().status
    say("built", status)
    built = service.builds(build.sid).fetch()
    names = sorted(one["name"] for one in built.dependencies)
    say("build", built.status, built.runtime, len(built.function_versions), len(built.asset_versions), *names)
    temporary = service.builds.create(function_versions=[function_version.sid])
    say("builds", len(service.builds.list()))
    assert service.builds(temporary.sid).delete()

    deployments = service.environments(stage.sid).deployments
    deployments.create(build_sid=build.sid)
    say("emptied", deployments.create().build_sid or "nothing")
    last = deployments.create(build_sid=build.sid)
    say("deployments", len(deployments.list()))
    deployment = deployments(last.sid).fetch()
    say("deployment", "the build" if deployment.build_sid == build.sid else deployment.build_sid)


def exercise_logs(service, function_sid):
    dev = next(one for one in service.environments.list() if one.domain_suffix == "dev")
    logs = service.environments(dev.sid).logs
    hour = datetime.timedelta(hours=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    found = logs.list(function_sid=function_sid, start_date=now - hour, end_date=now + hour)
    say("logs", len(found))
    log = logs(found[0].sid).fetch()
    say("log", log.level.lower(), log.message.split(" (")[0])


def main():
    exercise_services()
    seeded = next(one for one in services.list() if one.unique_name == "seeded")
    service = services(seeded.sid)
    stage = exercise_environments(service)
    function_version, asset_version = exercise_files(service)
    exercise_builds(service, stage, function_version, asset_version)
    exercise_logs(service, function_version.function_sid)
    try:
        services("ZS00000000000000000000000000000000").fetch()
    except TwilioRestException as refusal:
        say("refused", refusal.status, refusal.code)


main()
