//! The C functions of `ballista/include/springald/ballista.h`.

mod boundary;
mod capsules;
mod functions;
mod programs;
