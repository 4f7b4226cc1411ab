"""A program that ends while functions run: it ends soon, and without noise."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.embedded_only(
    reason="the functions run in the program that ends"
)

PROGRAM = """
import threading, time
import pyarrow as pa
from datafusion import SessionConfig
from springald import BallistaSessionContext, udf

started = threading.Event()

@udf
def slow(n: int) -> int:
    started.set()
    time.sleep(0.02)
    return n

ctx = BallistaSessionContext(SessionConfig().with_target_partitions(PARTITIONS))
batch = pa.record_batch([pa.array(range(8192))], names=["n"])
ctx.register_record_batches("t", [[batch]] * PARTITIONS)
ctx.register_udf(slow)
query = ctx.sql("SELECT sum(slow(n)) FROM t")
threading.Thread(target=query.collect, daemon=True).start()
started.wait()
"""


@pytest.mark.parametrize("partitions", [1, 4])
def test_a_query_of_a_daemon_thread_ends_with_the_program(partitions: int) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("PARTITIONS", str(partitions))],
        capture_output=True,
        text=True,
        timeout=60,  # the batch alone would take minutes
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
