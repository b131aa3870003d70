"""Writes models/<service>.json: the facts of botocore's models that Keyward needs, without prose.

Run by `cargo xtask models` inside a virtual environment with the pinned botocore. Every file is made
anew in a stable order, one operation, shape or error a line, so that a second run changes nothing.
"""

import gzip
import json
import shutil
import sys
import tomllib
from importlib import metadata
from pathlib import Path

METADATA = [
    "apiVersion", "endpointPrefix", "jsonVersion", "protocols", "serviceId", "targetPrefix", "xmlNamespace",
]
SHAPE_FACTS = ["type", "min", "max", "pattern", "enum", "sensitive", "flattened", "timestampFormat", "union"]
MEMBER_FACTS = [
    "shape", "location", "locationName", "queryName", "flattened", "timestampFormat", "xmlAttribute",
    "xmlNamespace", "streaming", "idempotencyToken",
]


def pick(source, names):
    """The facts of `names` that `source` has; a whole number is written as one (`0.0` as `0`)."""
    found = {name: source[name] for name in names if source.get(name) is not None and source[name] is not False}
    return {name: int(fact) if isinstance(fact, float) and fact.is_integer() else fact for name, fact in found.items()}


def service_facts(model):
    """What identifies the service on the wire."""
    source = model["metadata"]
    facts = pick(source, METADATA)
    facts["signingName"] = source.get("signingName", source["endpointPrefix"])
    return facts


def operation_facts(operation):
    """An operation that is served: how it is called, what goes in and out, what may go wrong."""
    http = operation["http"]
    facts = {"method": http["method"], "uri": http["requestUri"], "status": http.get("responseCode", 200)}
    if "input" in operation:
        facts["input"] = operation["input"]["shape"]
        if "locationName" in operation["input"]:
            facts["inputRoot"] = operation["input"]["locationName"]
        if "xmlNamespace" in operation["input"]:
            facts["inputNamespace"] = operation["input"]["xmlNamespace"]["uri"]
    if "output" in operation:
        facts["output"] = operation["output"]["shape"]
        if "resultWrapper" in operation["output"]:
            facts["resultWrapper"] = operation["output"]["resultWrapper"]
    facts["errors"] = [error["shape"] for error in operation.get("errors", [])]
    return facts


def unserved_facts(operation):
    """An operation that AWS has and Keyward has not: enough to recognise a call of it."""
    return {"method": operation["http"]["method"], "uri": operation["http"]["requestUri"]}


def shape_facts(shape):
    """A shape, without its prose."""
    facts = pick(shape, SHAPE_FACTS)
    if shape["type"] == "structure":
        required = set(shape.get("required", []))
        facts["members"] = [
            {"name": name, **pick(member, MEMBER_FACTS), **({"required": True} if name in required else {})}
            for name, member in shape["members"].items()
        ]
        for key in ("payload", "locationName"):
            if key in shape:
                facts[key] = shape[key]
    elif shape["type"] == "list":
        facts["member"] = pick(shape["member"], MEMBER_FACTS)
    elif shape["type"] == "map":
        facts["key"] = pick(shape["key"], MEMBER_FACTS)
        facts["value"] = pick(shape["value"], MEMBER_FACTS)
    return facts


def error_facts(shape):
    """An error's code and status, where the model says them, and whether it is the service's fault."""
    return {**pick(shape.get("error", {}), ["code", "httpStatusCode", "senderFault"]), **pick(shape, ["fault"])}


def references(shape):
    """The names of the shapes that `shape` is made of."""
    parts = list(shape.get("members", {}).values())
    parts += [shape[key] for key in ("member", "key", "value") if key in shape]
    return [part["shape"] for part in parts]


def reachable(shapes, roots):
    """The names of all shapes that `roots` are made of."""
    found, open_names = set(), list(roots)
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += references(shapes[name])
    return sorted(found)


def extract(model, served):
    """The facts of one service."""
    operations, shapes = model["operations"], model["shapes"]
    missing = [name for name in served if name not in operations]
    if missing:
        sys.exit(f"models/served.toml names operations that the model lacks: {', '.join(missing)}")
    roots = [operations[name][way]["shape"] for name in served for way in ("input", "output") if way in operations[name]]
    return {
        "metadata": service_facts(model),
        "operations": {name: operation_facts(operations[name]) for name in sorted(served)},
        "unserved": {name: unserved_facts(operations[name]) for name in sorted(operations) if name not in served},
        "errors": {name: error_facts(shape) for name, shape in sorted(shapes.items()) if shape.get("exception")},
        "shapes": {name: shape_facts(shapes[name]) for name in reachable(shapes, roots)},
    }


def layout(facts):
    """JSON with one entry of each table a line."""
    tables = []
    for name, table in facts.items():
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in table.items()]
        tables.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(tables) + "\n}\n"


def main():
    """Reads the installed botocore and writes the folder that the command line names."""
    folder = Path(sys.argv[1])
    served = tomllib.loads((folder / "served.toml").read_text())
    distribution = metadata.distribution("botocore")
    if distribution.version != served.pop("botocore"):
        sys.exit(f"botocore {distribution.version} is installed, models/served.toml pins another")
    package = Path(distribution.locate_file("botocore"))
    for service, wanted in served.items():
        path = package / "data" / service / wanted["version"] / "service-2.json.gz"
        model = json.loads(gzip.decompress(path.read_bytes()))
        (folder / f"{service}.json").write_text(layout(extract(model, wanted["operations"])))
    for notice in ("LICENSE.txt", "NOTICE"):
        source = next(file for file in distribution.files if file.name == notice)
        shutil.copyfile(distribution.locate_file(source), folder / notice)


main()
