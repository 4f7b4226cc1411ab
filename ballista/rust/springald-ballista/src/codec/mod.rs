//! What Springald adds to Ballista's plans on the wire.

mod inline_scan;
mod inline_table;
pub mod ipc;
mod logical;
mod physical;
mod plan_message;
pub mod wire;

pub use logical::UdfLogicalCodec;
pub use physical::UdfPhysicalCodec;
pub use plan_message::PlanMessage;

#[cfg(test)]
mod decoders_test;
