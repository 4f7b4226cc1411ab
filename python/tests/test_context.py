"""`BallistaSessionContext` is a `datafusion.SessionContext`, and registers functions."""

import sys

import datafusion
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from contexts import on_cluster, open_context
from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext, SQLOptions, col

import springald
from springald import (
    BallistaSessionContext,
    ClusterError,
    DataFrame,
    Udf,
    UdfDefinitionError,
    UdfError,
    UdfMetrics,
    udf,
)


def add_one(values):
    return pc.add(values, 1)


def hinted(x: int) -> int:
    return x + 1


ANSWER = {"r": [1, 2, 3, 4, 5]}


# Registration


def ready():
    return datafusion.udf(add_one, [pa.int64()], pa.int64(), "immutable", "f")


@datafusion.udf([pa.int64()], pa.int64(), "stable", "f")
def decorated_upstream(values):
    return pc.add(values, 1)


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (udf(hinted), {"name": "f"}),
        (udf(hinted, name="f"), {}),
        (hinted, {"name": "f"}),
        (add_one, {"name": "f", "return_type": pa.int64(), "input_types": [pa.int64()]}),
        (lambda x: x + 1, {"name": "f", "return_type": pa.int64(), "mode": "row",
                           "input_types": pa.int64(), "null_handling": "skip"}),
        (ready(), {}),
        (ready(), {"name": "f"}),
        (decorated_upstream, {}),
    ],
)  # fmt: skip
def test_every_form_can_be_registered(ctx, function, options):
    ctx.register_udf(function, **options)
    assert ctx.sql("SELECT f(n) AS r FROM people").to_pydict() == ANSWER
    assert isinstance(ctx.udf("f"), Udf)
    assert ctx.udf_metrics()["f"].rows >= 5


def test_another_name_for_every_form(ctx):
    for function in (udf(hinted), ready(), decorated_upstream, hinted):
        ctx.register_udf(function, name="other")
        assert ctx.sql("SELECT other(n) AS r FROM people").to_pydict() == ANSWER
    assert ctx.udf("other").name == "other"


def test_a_udf_with_other_options_is_defined_anew(ctx):
    ctx.register_udf(udf(hinted), return_type=pa.int32(), volatility="volatile")
    assert ctx.udf("hinted").return_type == pa.int32()
    assert ctx.udf("hinted").volatility == "volatile"


@pytest.mark.embedded_only(
    reason="on a cluster a function runs on a copy of what it refers to"
)
def test_recovered_functions_are_the_live_ones(ctx):
    seen = []

    def look(values):
        seen.append(len(values))
        return values

    function = datafusion.udf(look, [pa.int64()], pa.int64(), "volatile", "look")
    ctx.register_udf(function)
    ctx.sql("SELECT look(n) FROM people").collect()
    assert seen == [5], "the closure's own list, not a copy"
    assert ctx.udf("look").volatility == "volatile"
    assert ctx.udf("look").mode == "arrow"


def test_recovery_leaves_cloudpickle_as_it_was(ctx):
    import cloudpickle

    before = cloudpickle.dumps
    ctx.register_udf(ready())
    assert cloudpickle.dumps is before


def test_recovered_functions_have_our_errors(ctx):
    def fail(values):
        raise ValueError("broken")

    ctx.register_udf(datafusion.udf(fail, [pa.int64()], pa.int64(), "immutable", "fail"))
    with pytest.raises(springald.UdfExecutionError, match="broken"):
        ctx.sql("SELECT fail(n) FROM people").collect()


def test_ready_functions_of_nested_types(ctx):
    function = datafusion.udf(
        lambda a: pc.list_value_length(a).cast(pa.int64()),
        [pa.list_(pa.int64())], pa.int64(), "immutable", "len_of",
    )  # fmt: skip
    ctx.register_udf(function)
    assert ctx.sql("SELECT len_of([n, n]) AS r FROM people LIMIT 1").to_pydict() == {
        "r": [2]
    }
    assert ctx.udf_metrics()["len_of"].calls > 0
    ctx.register_udf(function, name="other")
    assert ctx.sql("SELECT other([n]) AS r FROM people LIMIT 1").to_pydict() == {"r": [1]}


@pytest.mark.embedded_only(
    reason="the engine's own functions stay in the process that made them"
)
def test_ready_functions_that_we_refuse_run_in_the_engine(ctx):
    name = "len_of_" + "x" * 1100  # longer than definitions allow
    function = datafusion.udf(
        lambda a: pc.list_value_length(a).cast(pa.int64()),
        [pa.list_(pa.int64())], pa.int64(), "immutable", name,
    )  # fmt: skip
    ctx.register_udf(function)
    assert ctx.sql(f"SELECT {name}([n, n]) AS r FROM people LIMIT 1").to_pydict() == {
        "r": [2]
    }
    assert name not in ctx.udf_metrics()
    with pytest.raises(UdfDefinitionError, match="cannot be renamed to 'yyy"):
        ctx.register_udf(function, name="y" * 1200)


def test_a_function_of_another_context(ctx):
    first = open_context()
    first.register_udf(hinted)
    plain = SessionContext()
    plain.register_udf(first.udf("hinted"))
    ctx.register_udf(plain.udf("hinted"), name="again")
    assert ctx.sql("SELECT again(n) AS r FROM people").to_pydict() == ANSWER


def test_types_of_a_ready_function_are_fixed(ctx):
    with pytest.raises(
        UdfDefinitionError, match="has its types already; return_type cannot"
    ):
        ctx.register_udf(ready(), return_type=pa.int8())


def test_a_name_that_is_taken_is_taken_over(ctx):
    ctx.register_udf(hinted, name="f")
    ctx.register_udf(lambda x: x + 10, name="f", mode="row", input_types=[pa.int64()],
                     return_type=pa.int64())  # fmt: skip
    assert ctx.sql("SELECT f(1) AS r").to_pydict() == {"r": [11]}


def test_deregistered_functions_are_gone(ctx):
    ctx.register_udf(hinted)
    ctx.deregister_udf("hinted")
    assert ctx.udf_metrics() == {}
    assert "hinted" not in ctx.udfs()
    with pytest.raises(Exception, match="hinted"):
        ctx.sql("SELECT hinted(1)")
    with pytest.raises(KeyError):
        ctx.udf("hinted")


def test_our_functions_work_on_a_plain_session():
    plain = SessionContext()
    plain.from_pydict({"n": [1, None, 3]}, name="t")
    plain.register_udf(udf(hinted))
    assert plain.sql("SELECT hinted(n) AS r FROM t").to_pydict() == {"r": [2, None, 4]}
    assert plain.table("t").select(udf(hinted)(col("n")).alias("r")).count() == 3


def test_metrics_count_every_use_of_the_function(ctx):
    function = udf(hinted, name="every_use")
    ctx.register_udf(function)
    if not on_cluster():
        assert ctx.udf_metrics() == {"every_use": function.metrics()}
    ctx.sql("SELECT every_use(n) FROM people").collect()
    other = open_context()
    other.register_udf(function)
    metrics = other.udf_metrics()["every_use"]
    assert isinstance(metrics, UdfMetrics)
    assert (metrics.loads, metrics.rows, metrics.errors) == (1, 5, 0)


# Opening


class NotInstalled:
    """A finder for which there is no cluster support, whether it is installed or not."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "springald_ballista":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_an_address_needs_cluster_support(monkeypatch):
    for name in [n for n in sys.modules if n.startswith("springald_ballista")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NotInstalled(), *sys.meta_path])
    with pytest.raises(ClusterError, match=r"no cluster support.*springald-ballista"):
        BallistaSessionContext("df://localhost:1")
    assert issubclass(ClusterError, UdfError)


@pytest.mark.parametrize("address", ["df://localhost:1", "df://127.0.0.1:1"])
def test_an_address_needs_a_cluster(address):
    pytest.importorskip("springald_ballista._native")
    with pytest.raises(ClusterError, match=rf"{address}\b"):
        BallistaSessionContext(address)


@pytest.mark.parametrize(
    "address",
    ["localhost:50050", "http://host:1", "df://host", "df://:1", "df://h:port", ""],
)
def test_malformed_addresses_say_so(address):
    with pytest.raises(ClusterError, match=r"malformed.*df://host:port"):
        BallistaSessionContext(address)


def test_an_address_is_text():
    with pytest.raises(ClusterError, match="is a string like"):
        BallistaSessionContext(50050)


def test_other_backends_are_refused():
    with pytest.raises(ValueError, match="no udf_backend 'spark' in this version"):
        BallistaSessionContext(udf_backend="spark")


def test_config_and_runtime_as_upstream_takes_them():
    config = SessionConfig().with_batch_size(123).with_information_schema(True)
    for context in (
        BallistaSessionContext(config),
        BallistaSessionContext(config, RuntimeEnvBuilder()),
        BallistaSessionContext(config=config, runtime=RuntimeEnvBuilder()),
    ):
        rows = context.sql("SHOW datafusion.execution.batch_size").to_pylist()
        assert rows[0]["value"] == "123"
    with pytest.raises(TypeError, match="config was given twice"):
        BallistaSessionContext(config, config=config)


def test_a_wrong_engine_is_refused_on_import(monkeypatch):
    monkeypatch.setattr(springald._metadata, "version", lambda name: "54.0.0")
    with pytest.raises(ImportError, match=r"needs datafusion 55, and 54\.0\.0 is"):
        springald._check_datafusion()


# Handles on the same session


class EmptyExtension:
    def __datafusion_session_components__(self, ctx):
        return datafusion.SessionExtensionComponents()


HANDLES = {
    "with_python_udf_inlining": lambda c: c.with_python_udf_inlining(enabled=False),
    "with_extensions": lambda c: c.with_extensions(EmptyExtension()),
    "with_logical_extension_codec": lambda c: c.with_logical_extension_codec(
        SessionContext().__datafusion_logical_extension_codec__(), codec_id="test.codec"
    ),
    "with_physical_extension_codec": lambda c: c.with_physical_extension_codec(
        SessionContext().__datafusion_physical_extension_codec__(), codec_id="test.codec"
    ),
    "enable_url_table": lambda c: c.enable_url_table(),
}


@pytest.mark.parametrize("method", HANDLES)
def test_handles_are_of_our_class_and_share_the_functions(ctx, method):
    ctx.register_udf(hinted)
    handle = HANDLES[method](ctx)
    assert type(handle) is BallistaSessionContext
    assert "hinted" in handle.udf_metrics()
    handle.register_udf(hinted, name="later")
    # The engine splits the functions of a context that reads URLs off.
    is_shared = method != "enable_url_table"
    assert ("later" in ctx.udf_metrics()) is is_shared
    assert ("later" in ctx.udfs()) is is_shared
    assert isinstance(handle.table("people"), DataFrame)
    assert handle.sql("SELECT hinted(1) AS r").to_pydict() == {"r": [2]}


def test_the_global_context_is_one_session():
    first = BallistaSessionContext.global_ctx()
    second = BallistaSessionContext.global_ctx()
    first.register_udf(hinted, name="of_global")
    try:
        assert type(second) is BallistaSessionContext
        assert second.sql("SELECT of_global(1) AS r").to_pydict() == {"r": [2]}
        assert "of_global" in second.udf_metrics()
    finally:
        second.deregister_udf("of_global")
    assert "of_global" not in first.udf_metrics()


def test_subclasses_stay_subclasses():
    class Mine(BallistaSessionContext):
        pass

    handle = Mine().with_python_udf_inlining(enabled=True)
    assert type(handle) is Mine
    assert handle.udf_metrics() == {}


# Parity with upstream


def test_it_is_a_session_context(ctx):
    assert isinstance(ctx, SessionContext)
    missing = [n for n in vars(SessionContext) if not hasattr(BallistaSessionContext, n)]
    assert missing == []


def test_documentation_of_upstream_is_kept():
    assert BallistaSessionContext.sql.__doc__ == SessionContext.sql.__doc__
    assert DataFrame.collect.__doc__ == datafusion.DataFrame.collect.__doc__


BATCH = pa.RecordBatch.from_pydict({"a": [1, 2], "b": ["x", "y"]})


@pytest.mark.parametrize(
    "make",
    [
        lambda c, p: c.sql("SELECT 1 AS a"),
        lambda c, p: c.sql("SELECT $a AS a", param_values={"a": 1}),
        lambda c, p: c.sql("SELECT a FROM $t", t=c.from_pydict({"a": [1]})),
        lambda c, p: c.sql_with_options("SELECT 1 AS a", SQLOptions()),
        lambda c, p: c.create_dataframe([[BATCH]]),
        lambda c, p: c.create_dataframe_from_logical_plan(
            c.sql("SELECT 1 a").logical_plan()
        ),
        lambda c, p: c.execute_logical_plan(c.sql("SELECT 1 a").logical_plan()),
        lambda c, p: c.from_pylist([{"a": 1}]),
        lambda c, p: c.from_pydict({"a": [1]}),
        lambda c, p: c.from_arrow(pa.Table.from_batches([BATCH])),
        lambda c, p: c.from_pandas(BATCH.to_pandas()),
        lambda c, p: c.read_batch(BATCH),
        lambda c, p: c.read_batches([BATCH]),
        lambda c, p: c.empty_table(),
        lambda c, p: c.read_empty(),
        lambda c, p: c.read_csv(p / "t.csv"),
        lambda c, p: c.read_parquet(p / "t.parquet"),
        lambda c, p: c.read_json(p / "t.json"),
        lambda c, p: c.read_table(c.table("people").into_view()),
        lambda c, p: c.table("people"),
    ],
)
def test_every_dataframe_is_of_our_class(ctx, tmp_path, make):
    source = SessionContext().create_dataframe([[BATCH]])
    for kind in ("csv", "parquet", "json"):
        getattr(source, f"write_{kind}")(str(tmp_path / f"t.{kind}"))
    frame = make(ctx, tmp_path)
    assert type(frame) is DataFrame
    assert type(frame.limit(1)) is DataFrame
    assert frame.count() >= 0


def test_tables_views_and_catalogs(ctx, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    ctx.register_csv("from_csv", path)
    ctx.register_view("odd", ctx.table("people").filter(col("n") % 2 == 1))
    ctx.register_batch("from_batch", BATCH)
    ctx.sql("CREATE TABLE made AS SELECT n FROM people").collect()
    assert {
        "people",
        "from_csv",
        "odd",
        "from_batch",
        "made",
    } <= ctx.catalog().schema().names()
    assert ctx.sql("SELECT count(*) AS c FROM odd, from_csv").to_pydict() == {"c": [4]}
    ctx.deregister_table("made")
    assert not ctx.table_exist("made")
    assert ctx.session_id() == ctx.enable_url_table().session_id()
    assert ctx.catalog_names() == {"datafusion"}
    assert type(ctx).__name__ == "BallistaSessionContext"


def test_options_forbid_ddl(ctx):
    options = SQLOptions().with_allow_ddl(False)
    with pytest.raises(Exception, match="DDL not supported"):
        ctx.sql_with_options("CREATE TABLE x AS SELECT 1", options)


@pytest.mark.embedded_only(
    reason="upstream's Python aggregates stay in the process that made them"
)
def test_aggregate_and_window_functions_of_upstream(ctx):
    total = datafusion.udaf(
        Sum, pa.int64(), pa.int64(), [pa.int64()], "stable", name="total"
    )
    ctx.register_udaf(total)
    assert ctx.sql("SELECT total(n) AS r FROM people").to_pydict() == {"r": [10]}


class Sum(datafusion.Accumulator):
    def __init__(self):
        self.sum = 0

    def state(self):
        return [pa.scalar(self.sum)]

    def update(self, values):
        self.sum += pc.sum(values).as_py() or 0

    def merge(self, states):
        self.sum += pc.sum(states[0]).as_py() or 0

    def evaluate(self):
        return pa.scalar(self.sum)
