"""Writes the golden definitions of each format version, with Python's `protobuf`.

    python tests/golden/make_definitions.py [FOLDER]

The files were written once and are never written anew: they stand for what is already
stored out there. A new format version gets files of its own, such as those of version 2,
`definition_v2_*.bin`.
The script stays so that a reader can see what is in them; it needs `grpcio-tools` and
`pyarrow`, and no part of Springald, so that the two encoders check each other.
"""

import hashlib
import importlib
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]

# The pickle of None: golden bytes must not depend on a version of cloudpickle.
PAYLOAD = b"\x80\x05N."


def compile_proto(folder: Path) -> ModuleType:
    """Compiles proto/springald.proto into `folder` and imports the result."""
    arguments = ["protoc", f"-I{ROOT / 'proto'}", f"--python_out={folder}"]
    if protoc.main([*arguments, "springald.proto"]) != 0:
        raise RuntimeError("protoc failed; its message is above")
    sys.path.insert(0, str(folder))
    return importlib.import_module("springald_pb2")


def types() -> pa.Schema:
    """One argument of each kind of Arrow type."""
    leaf = [
        pa.null(),
        pa.bool_(),
        pa.int8(),
        pa.uint64(),
        pa.float16(),
        pa.float64(),
        pa.decimal32(7, 2),
        pa.decimal128(38, -3),
        pa.decimal256(76, 10),
        pa.date32(),
        pa.date64(),
        pa.time32("ms"),
        pa.time64("ns"),
        pa.timestamp("us"),
        pa.timestamp("ns", "Europe/Zürich"),
        pa.duration("s"),
        pa.month_day_nano_interval(),
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.binary_view(),
        pa.binary(16),
    ]
    nested = [
        pa.list_(pa.int32()),
        pa.large_list(pa.field("element", pa.string(), nullable=False)),
        pa.list_view(pa.int8()),
        pa.list_(pa.float32(), 3),
        pa.struct([pa.field("x", pa.int8(), nullable=False), ("y", pa.list_(pa.utf8()))]),
        pa.map_(pa.string(), pa.int32()),
        pa.dictionary(pa.int16(), pa.string()),
        pa.run_end_encoded(pa.int32(), pa.float64()),
        pa.dense_union([pa.field("a", pa.int32()), pa.field("b", pa.utf8())], [5, 9]),
    ]
    return pa.schema([(f"a{i}", t) for i, t in enumerate(leaf + nested)])


def tiny(pb2: Any) -> Any:
    """What docs/definition-format.md explains."""
    return pb2.PythonUDF(
        format_version=1,
        min_reader_version=1,
        kind=pb2.UDF_KIND_SCALAR,
        name="f",
        mode=pb2.MODE_ROW,
        arguments=pa.schema([]).serialize().to_pybytes(),
        result=pa.schema([("r", pa.bool_())]).serialize().to_pybytes(),
        volatility=pb2.VOLATILITY_IMMUTABLE,
        null_handling=pb2.NULL_HANDLING_CALL,
        payload=PAYLOAD,
        payload_hash=hashlib.sha256(PAYLOAD).digest(),
    )


def full(pb2: Any) -> Any:
    """Every field, with text beyond ASCII and metadata."""
    email = pa.field("email", pa.string(), nullable=False, metadata={"unit": "none"})
    result = pa.field("domaine", pa.string(), metadata={"é": "ü"})
    message = tiny(pb2)
    message.MergeFrom(
        pb2.PythonUDF(
            name="domaine_é",
            arguments=pa.schema([email, ("n", pa.int64())], metadata={"k": "v"})
            .serialize()
            .to_pybytes(),
            result=pa.schema([result]).serialize().to_pybytes(),
            volatility=pb2.VOLATILITY_VOLATILE,
            null_handling=pb2.NULL_HANDLING_SKIP,
            environment=pb2.PythonEnvironment(
                implementation="cpython",
                version="3.11.7",
                cloudpickle_version="3.1.1",
                pyarrow_version="26.0.1",
            ),
            requirements=[
                pb2.Requirement(module="numpy", version="2.3.4"),
                pb2.Requirement(module="my_module"),
            ],
            source=pb2.SourceText(
                file_name="project/zoë.py",
                first_line=300,
                text="@udf\ndef domaine_é(email, n):\n    return None\n",
            ),
        )
    )
    return message


def referenced(pb2: Any) -> Any:
    """A payload kept elsewhere, in arrow mode, with an argument of every type."""
    message = tiny(pb2)
    message.name = "every_type"
    message.mode = pb2.MODE_ARROW
    message.arguments = types().serialize().to_pybytes()
    message.volatility = pb2.VOLATILITY_STABLE
    message.payload = b""
    message.payload_reference = "store:" + message.payload_hash.hex()
    return message


def live(pb2: Any) -> Any:
    """An object of the process that wrote it: no payload and no hash."""
    message = tiny(pb2)
    message.name = "<lambda>"
    message.payload = b""
    message.payload_hash = b""
    message.payload_reference = "live:0123456789abcdef0123456789abcdef"
    message.source.SetInParent()  # present and empty is not absent
    return message


def batches(pb2: Any) -> Any:
    """A mode that a later version of the library added."""
    message = tiny(pb2)
    message.name = "running"
    message.mode = pb2.MODE_ITERATOR
    message.arguments = pa.schema([("value_0", pa.float64())]).serialize().to_pybytes()
    return message


def limits(pb2: Any) -> Any:
    """Every field of version 2, beside all those of version 1."""
    message = full(pb2)
    message.format_version = 2
    message.limits.timeout_ms = 1500
    message.limits.memory_limit_bytes = 2 << 30
    message.limits.cpu_limit_ms = 60_000
    message.limits.max_open_files = 64
    message.limits.max_result_bytes = 2**63 - 1
    return message


VERSIONS = {1: (tiny, full, referenced, live, batches), 2: (limits,)}


def main(folder: Path) -> None:
    """Writes one file for each function of `VERSIONS` into `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        pb2 = compile_proto(Path(scratch))
        for version, functions in VERSIONS.items():
            for make in functions:
                path = folder / f"definition_v{version}_{make.__name__}.bin"
                path.write_bytes(make(pb2).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
