//! `tollgate`: a payment gateway in one binary.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    server::main(server::Cli::parse())
}
