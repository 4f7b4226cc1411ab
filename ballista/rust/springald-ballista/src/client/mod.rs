//! The client's side: plans in, rows out.

mod expression;
mod options;
mod planner;
pub mod query;
mod remote_exec;

pub use expression::rewrite_expression;
pub use options::Options;
pub use planner::RemotePlanner;
pub use query::is_transport_failure;
pub use remote_exec::RemoteExec;
