"""Writes fuzz/seeds/definition from tests/golden: what a reader has to refuse.

    python fuzz/make_definition_seeds.py

Needs nothing but Python. The golden files themselves are seeds as they are.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
SEEDS = ROOT / "fuzz" / "seeds" / "definition"

MAX_VARINT = b"\xff" * 9 + b"\x01"


def seeds() -> dict[str, bytes]:
    """The seeds by name. Offsets are those that docs/definition-format.md shows."""
    tiny = (GOLDEN / "definition_v1_tiny.bin").read_bytes()
    full = (GOLDEN / "definition_v1_full.bin").read_bytes()
    limits = (GOLDEN / "definition_v2_limits.bin").read_bytes()
    return {
        "empty": b"",
        "cut_in_name": tiny[:8],
        "cut_in_arguments": tiny[:40],
        "cut_before_hash": tiny[:-34],
        "cut_in_source": full[: full.index(b"@udf") + 3],
        "hash_differs": tiny[:-1] + bytes([tiny[-1] ^ 1]),
        "payload_of_all_memory": tiny + b"\x6a" + MAX_VARINT,
        "name_past_end": tiny[:7] + b"\x7f" + tiny[8:],
        "schema_length_past_end": tiny[:17] + b"\xff\xff\xff\x7f" + tiny[21:],
        "varint_of_eleven_bytes": b"\x08" + b"\x80" * 10 + b"\x01",
        "group": tiny + b"\xa3\x01\xa4\x01",
        "unknown_fields": tiny + b"\xa0\x01\x05" + b"\x8a\x01\x03abc" + b"\x95\x01abcd",
        "reader_from_the_future": b"\x08\x09\x10\x09" + tiny[4:],
        "unknown_mode": tiny[:10] + b"\x4d" + tiny[11:],
        "name_twice": tiny + b"\x22\x01g",
        "requirements_without_module": tiny + b"\x5a\x00" * 64,
        "cut_in_limits": limits[:-2],
        "limits_twice": limits + b"\x82\x01\x02\x08\x01",
        "limit_past_the_largest": tiny + b"\x82\x01\x0b\x08" + MAX_VARINT,
        "limit_twice": tiny + b"\x82\x01\x04\x08\x01\x08\x02",
        "limits_of_zero": tiny + b"\x82\x01\x02\x08\x00",
    }


def main() -> None:
    """Writes one file for each seed."""
    SEEDS.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        (SEEDS / f"{name}.bin").write_bytes(data)


if __name__ == "__main__":
    main()
