//! Ballista's execution engine, with what tasks that run Python functions need besides: a
//! cancelled task stops its calls, and counters are published before a task is reported.
//! Tasks are counted, so that a query can be told apart that nobody works on any more.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::serde::protobuf::{
    RuntimeStatsReport, ShuffleWritePartition, TaskColumnStats, WindowStateReport,
};
use ballista_executor::execution_engine::{
    DefaultExecutionEngine, ExecutionEngine, QueryStageExecutor,
};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::prelude::SessionConfig;
use parking_lot::Mutex;

use super::connections::Connections;
use super::environment::Publisher;
use crate::abi::{CancelToken, Failure};
use crate::error::failed;
use crate::udf::{functions_in_expression, python_udf};

/// The tasks of an executor: how many there are and were, and the tokens of those that run
/// Python functions. Any thread may call.
#[derive(Debug, Default)]
pub struct Tasks {
    started: AtomicU64,
    running: AtomicU64,
    tokens: Mutex<Vec<Weak<CancelToken>>>,
}

impl Tasks {
    /// How many tasks were started since the executor was.
    pub fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// How many of them still run.
    pub fn running(&self) -> u64 {
        self.running.load(Ordering::Relaxed)
    }

    /// Ends the calls of all tasks.
    pub fn cancel_all(&self) {
        for token in self.tokens.lock().iter().filter_map(Weak::upgrade) {
            token.fire();
        }
    }

    fn add(&self, token: &Arc<CancelToken>) {
        let mut tokens = self.tokens.lock();
        tokens.retain(|token| token.strong_count() > 0);
        tokens.push(Arc::downgrade(token));
    }
}

/// Makes the executors of stages.
pub struct UdfEngine {
    inner: DefaultExecutionEngine,
    publisher: Publisher,
    tasks: Arc<Tasks>,
}

impl UdfEngine {
    /// An engine whose counters go to `publisher` and whose tasks are known to `tasks`.
    /// Connections to other executors are kept for `keep` after their last use; zero
    /// keeps none.
    pub fn new(publisher: Publisher, tasks: Arc<Tasks>, keep: Duration) -> Self {
        Self {
            inner: if keep.is_zero() {
                DefaultExecutionEngine::new()
            } else {
                DefaultExecutionEngine::with_client_pool(Arc::new(Connections::new(keep)))
            },
            publisher,
            tasks,
        }
    }
}

impl ExecutionEngine for UdfEngine {
    fn create_query_stage_exec(
        &self,
        job_id: JobId,
        stage_id: usize,
        task_id: usize,
        global_output_partition_ids: Vec<usize>,
        plan: Arc<dyn ExecutionPlan>,
        work_dir: &str,
        config: &SessionConfig,
    ) -> Result<Arc<dyn QueryStageExecutor>> {
        let functions = functions_of(&plan)?;
        let token = bind_token(&functions)?;
        let inner = self.inner.create_query_stage_exec(
            job_id,
            stage_id,
            task_id,
            global_output_partition_ids,
            plan,
            work_dir,
            config,
        )?;
        if let Some(token) = &token {
            self.tasks.add(token);
        }
        Ok(Arc::new(Stage {
            inner,
            functions: functions.into(),
            token,
            tasks: Arc::clone(&self.tasks),
            publisher: self.publisher.clone(),
        }))
    }
}

/// The Python functions of a task's plan. Every task decodes a plan of its own, so they
/// belong to this task alone.
fn functions_of(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<Arc<ScalarUDF>>> {
    let mut functions = Vec::new();
    plan.apply(|node| {
        node.apply_expressions(&mut |expression| {
            functions_in_expression(expression, &mut functions)?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(functions)
}

/// Gives all `functions` one token; None where there are none.
fn bind_token(functions: &[Arc<ScalarUDF>]) -> Result<Option<Arc<CancelToken>>> {
    if functions.is_empty() {
        return Ok(None);
    }
    let token = Arc::new(CancelToken::new().map_err(failed)?);
    for function in functions {
        if let Some(function) = python_udf(function) {
            function.cancel_with(Arc::clone(&token));
        }
    }
    Ok(Some(token))
}

/// One task of a stage. The token is there if it runs Python functions.
#[derive(Debug)]
struct Stage {
    inner: Arc<dyn QueryStageExecutor>,
    functions: Arc<[Arc<ScalarUDF>]>,
    token: Option<Arc<CancelToken>>,
    tasks: Arc<Tasks>,
    publisher: Publisher,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

/// A task while it runs. Fires the token and ends the streams of its functions unless the
/// task came to its end: Ballista cancels a task by dropping its future, and leaves what it
/// has spawned to run on.
struct Run<'a> {
    tasks: &'a Tasks,
    functions: &'a Arc<[Arc<ScalarUDF>]>,
    token: Option<&'a CancelToken>,
}

impl<'a> Run<'a> {
    fn start(stage: &'a Stage) -> Self {
        stage.tasks.started.fetch_add(1, Ordering::Relaxed);
        stage.tasks.running.fetch_add(1, Ordering::Relaxed);
        Self {
            tasks: &stage.tasks,
            functions: &stage.functions,
            token: stage.token.as_deref(),
        }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.tasks.running.fetch_sub(1, Ordering::Relaxed);
        if let Some(token) = self.token {
            token.fire();
            // Waits for calls that go on, which a dropped future cannot.
            let functions = Arc::clone(self.functions);
            tokio::task::spawn_blocking(move || {
                if let Err(failure) = end_streams(&functions, true) {
                    log::warn!("A function failed after its task had ended: {failure}");
                }
            });
        }
    }
}

/// Ends the streams of all functions and returns what failed first.
fn end_streams(
    functions: &[Arc<ScalarUDF>],
    failed: bool,
) -> std::result::Result<(), Failure> {
    let mut outcome = Ok(());
    for function in functions.iter().filter_map(|function| python_udf(function)) {
        outcome = outcome.and(function.end_stream(failed));
    }
    outcome
}

#[async_trait]
impl QueryStageExecutor for Stage {
    async fn execute_query_stage(
        &self,
        task_id: usize,
        context: Arc<TaskContext>,
    ) -> Result<Vec<ShuffleWritePartition>> {
        let mut run = Run::start(self);
        let mut result = self.inner.execute_query_stage(task_id, context).await;
        if result.is_ok() {
            run.token = None;
            let ended =
                tokio::task::block_in_place(|| end_streams(&self.functions, false));
            result = result.and_then(|written| ended.map_err(failed).map(|()| written));
        }
        drop(run);
        if self.token.is_some()
            && let Err(error) = self.publisher.publish().await
        {
            log::warn!("The counters of functions could not be published: {error}");
        }
        result
    }

    fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
        self.inner.collect_plan_metrics()
    }

    fn collect_runtime_stats_reports(&self) -> Vec<RuntimeStatsReport> {
        self.inner.collect_runtime_stats_reports()
    }

    fn collect_window_state_reports(&self) -> Result<Vec<WindowStateReport>> {
        self.inner.collect_window_state_reports()
    }

    fn collect_column_stats(&self) -> Vec<TaskColumnStats> {
        self.inner.collect_column_stats()
    }
}
