//! Which executors are there.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ballista_core::serde::protobuf::executor_status::Status;
use ballista_scheduler::scheduler_server::SchedulerServer;
use datafusion_proto::logical_plan::AsLogicalPlan;
use datafusion_proto::physical_plan::AsExecutionPlan;

/// Whether the scheduler would give tasks to the executor `id`: it has shown a sign of life
/// within the timeout, and is not on its way out. Ballista's own answer is not public.
pub fn is_alive<T, U>(scheduler: &SchedulerServer<T, U>, id: &str) -> bool
where
    T: 'static + AsLogicalPlan,
    U: 'static + AsExecutionPlan,
{
    let Some(heartbeat) = scheduler.state.executor_manager.get_executor_hearbeat(id)
    else {
        return false;
    };
    let status = heartbeat.status.and_then(|status| status.status);
    let active = match status {
        Some(Status::Active(_)) => true,
        Some(_) => false,
        // Executors that poll say nothing else.
        None => !scheduler.state.config.is_push_staged_scheduling(),
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let timeout = scheduler.state.config.executor_timeout_seconds;
    active && heartbeat.timestamp + timeout > now.as_secs()
}
