"""What the scheduler's service answers is read with care, and in bounded time."""

import json
import socket
import sys
import threading
import time

import pytest
from fake_cluster import PYTHON, FakeScheduler, executor

import springald
import springald_ballista.service as service_module
from springald import BallistaSessionContext, ClusterError, ExecutorWorkers, UdfMetrics
from springald_ballista.service import SchedulerService

FUNCTION = {
    "hash": "ab" * 32,
    "name": "f",
    "definitions_received": 1,
    "loads": 1,
    "calls": 2,
    "rows": 10,
    "python_ns": 1_500_000_000,
    "errors": 0,
}

WORKERS = {
    "max": 2,
    "alive": 1,
    "busy": 0,
    "started": 5,
    "retired": 1,
    "lost": 2,
    "killed": 1,
    "retried": 3,
    "last_start_us": 2_500,
}


@pytest.fixture
def service(scheduler: FakeScheduler) -> SchedulerService:
    return SchedulerService("127.0.0.1", scheduler.port)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_the_state_is_typed(scheduler, service):
    scheduler.answer(executors=[executor(functions=[FUNCTION])])
    state = service.state()
    assert (state.springald, state.ballista) == (springald.__version__, "55.0.0")
    (found,) = state.executors
    assert (found.id, found.host, found.port) == ("e1", "10.0.0.7", 50051)
    assert (found.python, found.implementation) == (PYTHON, sys.implementation.name)
    (function,) = found.functions
    assert (function.hash, function.name) == ("ab" * 32, "f")
    assert function.definitions_received == 1
    assert function.metrics == UdfMetrics(1, 2, 10, 1.5, 0)


def test_worker_processes_and_what_functions_print(scheduler, service):
    function = {**FUNCTION, "output": "é\nsecond\n"}
    one = executor(functions=[function], udf_backend="sidecar", workers=WORKERS)
    scheduler.answer(executors=[one])
    (found,) = service.state().executors
    assert found.udf_backend == "sidecar"
    assert found.workers == ExecutorWorkers(2, 1, 0, 5, 1, 2, 1, 3, 0.0025)
    assert found.functions[0].output == "é\nsecond\n"


def test_an_executor_without_worker_processes(scheduler, service):
    one = executor(functions=[FUNCTION], udf_backend="embedded", workers=None)
    scheduler.answer(executors=[one])
    (found,) = service.state().executors
    assert (found.udf_backend, found.workers) == ("embedded", None)
    assert found.functions[0].output == ""


def test_an_answer_is_used_again_while_it_is_fresh(scheduler, service):
    service.state()
    service.state(max_age_s=60)
    assert scheduler.requests == 1
    service.state()
    assert scheduler.requests == 2


def test_nobody_listens():
    service = SchedulerService("127.0.0.1", free_port())
    with pytest.raises(ClusterError, match=r"No scheduler answers at df://127.*refused"):
        service.state()


def test_no_such_host():
    with pytest.raises(ClusterError, match=r"No scheduler answers at df://no\.such"):
        SchedulerService("no.such.host.invalid", 1).state()
    with pytest.raises(ClusterError, match="No scheduler answers"):
        SchedulerService("a" * 70 + ".example", 1).state()


def test_proxies_are_not_asked(scheduler, service, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert service.state().executors


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b'{"springald": "0.1.0"}',
        b'{"springald": "0.1.0", "executors": 3}',
        b'{"springald": "0.1.0", "executors": [{"id": "x"}]}',
        b'{"springald": "0.1.0", "executors": ["x"]}',
        json.dumps(
            {"springald": "0.1.0", "executors": [executor(workers={"max": 1})]}
        ).encode(),
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_answers_that_are_none(scheduler, service, body):
    scheduler.body = body
    with pytest.raises(ClusterError, match=r"is not a Springald scheduler.*be read"):
        service.state()


def test_a_server_of_something_else(scheduler, service):
    scheduler.status = 404
    with pytest.raises(ClusterError, match=r"not a Springald scheduler.*status 404"):
        service.state()


def test_a_server_that_speaks_no_http():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        service = SchedulerService("127.0.0.1", listener.getsockname()[1])
        with pytest.raises(ClusterError, match=r"not a Springald scheduler.*not HTTP"):
            service.state()
        thread.join()


def test_an_answer_that_is_too_long(scheduler, service, monkeypatch):
    monkeypatch.setattr(service_module, "_MAX_ANSWER_BYTES", 10)
    with pytest.raises(ClusterError, match="longer than 10 bytes"):
        service.state()


def test_a_server_that_is_silent(scheduler, service, monkeypatch):
    monkeypatch.setattr(service_module, "_SOCKET_TIMEOUT_S", 0.2)
    scheduler.delay.clear()
    with pytest.raises(ClusterError, match="timed out"):
        service.state()


def test_an_answer_that_drips_is_bounded_as_a_whole(scheduler, service, monkeypatch):
    monkeypatch.setattr(service_module, "_REQUEST_TIMEOUT_S", 0.3)
    scheduler.delay.clear()
    began = time.monotonic()
    with pytest.raises(ClusterError, match="no answer within"):
        service.state()
    assert time.monotonic() - began < 3


def test_waiting_for_an_executor(scheduler, service):
    scheduler.answer(executors=[])
    timer = threading.Timer(0.5, lambda: scheduler.answer(executors=[executor()]))
    timer.start()
    service.require_executor()
    timer.join()
    assert service.state().executors


def test_no_executor_comes(scheduler, service, monkeypatch):
    monkeypatch.setattr(service_module, "_EXECUTOR_WAIT_S", 0.3)
    scheduler.answer(executors=[])
    with pytest.raises(ClusterError, match=r"no live executor.*springald executor --sch"):
        service.require_executor()


def test_addresses_of_ipv6():
    service = SchedulerService("::1", 50050)
    assert (service.address, service.authority) == ("df://[::1]:50050", "[::1]:50050")


# Opening a context


def test_another_version_of_springald(scheduler, native):
    scheduler.answer(springald="9.9.9")
    with pytest.raises(
        ClusterError, match=rf"Springald 9\.9\.9.*{springald.__version__}"
    ):
        BallistaSessionContext(f"df://127.0.0.1:{scheduler.port}")


def test_a_cluster_without_executors_can_be_opened(scheduler, open_context):
    scheduler.answer(executors=[])
    assert open_context().cluster_executors() == []


def test_a_wrong_address_says_so_at_once(native):
    with pytest.raises(ClusterError, match="No scheduler answers"):
        BallistaSessionContext(f"df://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    "address", ["df://h", "df://h:0", "df://h:1/x", "df://u@h:1", "df://h:1?a=b", "h:1"]
)
def test_malformed_addresses(address):
    with pytest.raises(ClusterError, match=r"malformed.*df://host:port"):
        BallistaSessionContext(address)
