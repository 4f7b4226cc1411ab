"""The format of a definition, checked against Python's own `protobuf`.

Two encoders that know nothing of each other have to agree: the native one, behind
`springald._springald.Definition`, and the one that `protoc` makes of the contract in
proto/springald.proto.
"""

import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from grpc_tools import protoc
from hypothesis import given, settings
from hypothesis import strategies as st

from springald import UdfDefinitionError
from springald._springald import Definition

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = sorted((ROOT / "tests" / "golden").glob("definition_v*.bin"))
PAYLOAD = b"\x80\x05N."

TEXT_FIELDS = (
    "python_implementation",
    "python_version",
    "cloudpickle_version",
    "pyarrow_version",
)

LIMIT_FIELDS = (
    "timeout_ms",
    "memory_limit_bytes",
    "cpu_limit_ms",
    "max_open_files",
    "max_result_bytes",
)

# Any text of the contract: UTF-8 without zero bytes.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.fixture(scope="session")
def pb2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module that protoc makes of proto/springald.proto."""
    folder = tmp_path_factory.mktemp("proto")
    arguments = ["protoc", f"-I{ROOT / 'proto'}", f"--python_out={folder}"]
    assert protoc.main([*arguments, "springald.proto"]) == 0
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("springald_pb2")
    finally:
        sys.path.remove(str(folder))


def values(**changes: Any) -> dict[str, Any]:
    """Arguments of `Definition.create`, with every field set."""
    return {
        "name": "domaine_é",
        "mode": 2,
        "arguments": pa.schema(
            [pa.field("email", pa.string(), nullable=False), ("n", pa.int64())]
        ),
        "result": pa.field("domain", pa.string(), metadata={"é": "ü"}),
        "volatility": 3,
        "null_handling": 2,
        "python_implementation": "cpython",
        "python_version": "3.11.7",
        "cloudpickle_version": "3.1.1",
        "pyarrow_version": "26.0.1",
        "requirements": [("numpy", "2.3.4"), ("my_module", "")],
        "source": ("project/zoë.py", 300, "@udf\ndef f(email, n): ...\n"),
        "payload": PAYLOAD,
        "payload_reference": "",
        "timeout_ms": 1500,
        "memory_limit_bytes": 2 << 30,
        "cpu_limit_ms": 60_000,
        "max_open_files": 64,
        "max_result_bytes": 2**63 - 1,
        **changes,
    }


def message(pb2: Any, fields: dict[str, Any]) -> Any:
    """The protobuf message of what `values` gives."""
    limits = pb2.Limits(**{name: fields[name] for name in LIMIT_FIELDS})
    result = pb2.PythonUDF(
        format_version=2 if limits.ByteSize() > 0 else 1,
        min_reader_version=1,
        kind=pb2.UDF_KIND_SCALAR,
        name=fields["name"],
        mode=fields["mode"],
        arguments=fields["arguments"].serialize().to_pybytes(),
        result=pa.schema([fields["result"]]).serialize().to_pybytes(),
        volatility=fields["volatility"],
        null_handling=fields["null_handling"],
        requirements=[
            pb2.Requirement(module=module, version=version)
            for module, version in fields["requirements"]
        ],
        payload=fields["payload"],
        payload_reference=fields["payload_reference"],
    )
    environment = pb2.PythonEnvironment(
        implementation=fields["python_implementation"],
        version=fields["python_version"],
        cloudpickle_version=fields["cloudpickle_version"],
        pyarrow_version=fields["pyarrow_version"],
    )
    if environment.ByteSize() > 0:
        result.environment.CopyFrom(environment)
    if fields["source"] is not None:
        file_name, first_line, text = fields["source"]
        result.source.CopyFrom(
            pb2.SourceText(file_name=file_name, first_line=first_line, text=text)
        )
    if fields["payload"]:
        result.payload_hash = hashlib.sha256(fields["payload"]).digest()
    if limits.ByteSize() > 0:
        result.limits.CopyFrom(limits)
    return result


def encoded(pb2: Any, **changes: Any) -> bytes:
    """What Python's protobuf makes of `values(**changes)`."""
    data: bytes = message(pb2, values(**changes)).SerializeToString(deterministic=True)
    return data


def assert_same(definition: Definition, expected: dict[str, Any]) -> None:
    """Compares every property, types with the metadata of their fields."""
    for name, value in expected.items():
        actual = getattr(definition, name)
        if name == "arguments":
            assert list(actual) == list(value)
        elif name == "result":
            assert actual.equals(value, check_metadata=True)
        else:
            assert actual == value, name


CASES = {
    "every field": {},
    "arrow mode": {"mode": 1, "volatility": 1, "null_handling": 1},
    "no arguments": {"arguments": pa.schema([])},
    "256 arguments": {"arguments": pa.schema([(f"a{i}", pa.int8()) for i in range(256)])},
    "nested types": {
        "arguments": pa.schema([("a", pa.list_(pa.struct([("x", pa.date32())])))]),
        "result": pa.field("r", pa.map_(pa.string(), pa.timestamp("ns", "UTC"))),
    },
    "live object": {"payload": b"", "payload_reference": "live:0123"},
    "no source": {"source": None},
    "no limits": dict.fromkeys(LIMIT_FIELDS, 0),
    "one limit": {**dict.fromkeys(LIMIT_FIELDS, 0), "max_open_files": 1},
    "empty source": {"source": ("", 0, "")},
    "nothing optional": {
        **dict.fromkeys(TEXT_FIELDS, ""),
        **dict.fromkeys(LIMIT_FIELDS, 0),
        "requirements": [],
        "source": None,
    },
    "large payload": {"payload": bytes(range(256)) * 4096},
}


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES.keys())
def test_both_encoders_write_the_same_bytes(pb2: Any, changes: dict[str, Any]) -> None:
    data = encoded(pb2, **changes)
    definition = Definition.create(**values(**changes))
    assert definition.to_bytes() == data
    assert definition.hash == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES.keys())
def test_reads_what_protobuf_writes(pb2: Any, changes: dict[str, Any]) -> None:
    assert_same(Definition.decode(encoded(pb2, **changes)), values(**changes))


@settings(max_examples=50, deadline=None)
@given(
    name=texts.filter(lambda name: 0 < len(name.encode()) <= 1024),
    environment=st.lists(texts, min_size=4, max_size=4),
    requirements=st.lists(st.tuples(texts.filter(bool), texts), max_size=5),
    source=st.none() | st.tuples(texts, st.integers(0, 2**31 - 1), texts),
    payload=st.binary(min_size=1),
    limits=st.lists(st.just(0) | st.integers(0, 2**63 - 1), min_size=5, max_size=5),
)
def test_agrees_on_any_value(
    pb2: Any, environment: list[str], limits: list[int], **changes: Any
) -> None:
    fields = values(
        **dict(zip(TEXT_FIELDS, environment, strict=True)),
        **dict(zip(LIMIT_FIELDS, limits, strict=True)),
        **changes,
    )
    data = Definition.create(**fields).to_bytes()
    assert pb2.PythonUDF.FromString(data) == message(pb2, fields)
    assert_same(Definition.decode(data), fields)


def test_decoding_keeps_the_exact_bytes(pb2: Any) -> None:
    # A field that is not known, in front of all others.
    data = b"\xa0\x01\x05" + encoded(pb2)
    definition = Definition.decode(data)
    assert definition.to_bytes() == data
    assert definition.hash == hashlib.sha256(data).hexdigest()
    assert_same(definition, values())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_both_read_golden_bytes(pb2: Any, path: Path) -> None:
    data = path.read_bytes()
    theirs = pb2.PythonUDF.FromString(data)
    ours = Definition.decode(data)
    assert theirs.SerializeToString(deterministic=True) == data
    assert (ours.name, ours.mode) == (theirs.name, theirs.mode)
    assert (ours.payload, ours.payload_reference) == (
        theirs.payload,
        theirs.payload_reference,
    )
    for name in LIMIT_FIELDS:
        assert getattr(ours, name) == getattr(theirs.limits, name)
    schema = pa.ipc.read_schema(pa.py_buffer(theirs.arguments))
    assert list(ours.arguments) == list(schema)
    assert ours.hash == hashlib.sha256(data).hexdigest()


def change(**fields: Any) -> Callable[[Any], None]:
    """Sets fields of a message."""

    def apply(message: Any) -> None:
        for name, value in fields.items():
            setattr(message, name, value)

    return apply


REFUSALS = {
    "version": (change(format_version=9, min_reader_version=9), "format version 9"),
    "kind": (change(kind=7), "Unknown kind: 7"),
    "mode": (change(mode=7), "Unknown mode: 7"),
    "volatility": (change(volatility=0), "volatility is not given"),
    "null handling": (change(null_handling=-1), "Unknown null handling: -1"),
    "name": (change(name=""), "name is empty"),
    "zero byte": (change(name="a\0b"), "zero byte"),
    "payload": (change(payload=b"other"), "payload does not match its hash"),
    "hash": (change(payload_hash=b"short"), "5 bytes, expected 32"),
    "both": (change(payload_reference="live:x"), "both a payload"),
    "neither": (change(payload=b""), "neither a payload"),
    "unverifiable": (
        change(payload=b"", payload_hash=b"", payload_reference="store:x"),
        "hash of the referenced payload is not given",
    ),
    "arguments": (change(arguments=b"no schema"), "argument types cannot be read"),
    "result": (change(result=b"\xff"), "result type cannot be read"),
    "limit": (
        lambda message: change(timeout_ms=2**63)(message.limits),
        "limits cannot be read: Field 1 at byte",
    ),
}


@pytest.mark.parametrize(("apply", "piece"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refuses(pb2: Any, apply: Callable[[Any], None], piece: str) -> None:
    wrong = message(pb2, values())
    apply(wrong)
    with pytest.raises(UdfDefinitionError, match=re.escape(piece)):
        Definition.decode(wrong.SerializeToString())


def test_refuses_every_truncation(pb2: Any) -> None:
    # The limits come last: without them a definition is whole.
    data = encoded(pb2, **dict.fromkeys(LIMIT_FIELDS, 0))
    for size in range(len(data)):
        with pytest.raises(UdfDefinitionError):
            Definition.decode(data[:size])


@pytest.mark.parametrize("name", LIMIT_FIELDS)
def test_refuses_a_negative_limit(name: str) -> None:
    with pytest.raises(UdfDefinitionError, match="is negative: -1 "):
        Definition.create(**values(**{name: -1}))


def test_a_definition_without_limits_is_one_of_version_1(pb2: Any) -> None:
    fields = values(**dict.fromkeys(LIMIT_FIELDS, 0))
    data = Definition.create(**fields).to_bytes()
    assert data.startswith(b"\x08\x01\x10\x01")
    for name in LIMIT_FIELDS:
        del fields[name]
    assert Definition.create(**fields).to_bytes() == data


def test_a_reader_of_version_1_may_read_limits(pb2: Any) -> None:
    data = Definition.create(**values()).to_bytes()
    assert data.startswith(b"\x08\x02\x10\x01")


def test_refuses_a_second_payload(pb2: Any) -> None:
    with pytest.raises(UdfDefinitionError, match="Field 13 comes a second time"):
        Definition.decode(encoded(pb2) + b"\x6a\x01x")


def test_the_page_shows_the_golden_bytes() -> None:
    page = (ROOT / "docs" / "definition-format.md").read_text(encoding="utf-8")
    block = re.search(r"```hex\n(.*?)```", page, re.DOTALL)
    assert block is not None
    golden = (ROOT / "tests" / "golden" / "definition_v1_tiny.bin").read_bytes()
    shown = b""
    for line in block[1].splitlines():
        offset, row = line.split(": ", 1)
        assert int(offset, 16) == len(shown), line
        shown += bytes.fromhex(row[:36])
    assert shown == golden
    assert hashlib.sha256(golden).hexdigest() in page


def test_the_page_shows_the_field_of_version_2() -> None:
    page = (ROOT / "docs" / "definition-format.md").read_text(encoding="utf-8")
    _, block = re.findall(r"```hex\n(.*?)```", page, re.DOTALL)
    shown = bytes.fromhex("".join(line[:24] for line in block.splitlines()))
    golden = (ROOT / "tests" / "golden" / "definition_v2_limits.bin").read_bytes()
    assert golden.endswith(shown)
    assert shown.startswith(b"\x82\x01" + bytes([len(shown) - 3]))
