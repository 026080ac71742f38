//! Balance, turnover and statements, as published.

use tollgate_http::openapi::{answer, named};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{OperationBuilder, Parameter};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{cursor, id, idempotency_key, operation, page_size, refusal, required_body};
use crate::balance::{Balance, TurnoverOut};
use crate::company_statements::CompanyStatements;
use crate::{filters, query};

/// What there is.
pub(super) struct Operations {
    pub(super) balance: OperationBuilder,
    pub(super) turnover: OperationBuilder,
    pub(super) create_statement: OperationBuilder,
    pub(super) list_statements: OperationBuilder,
    pub(super) read_statement: OperationBuilder,
    pub(super) cancel_statement: OperationBuilder,
}

impl Operations {
    pub(super) fn described() -> Self {
        let balances = ObjectBuilder::new()
            .description(Some("By currency."))
            .additional_properties(Some(AdditionalProperties::RefOr(named("Balance"))));
        let wrong_query = || refusal("What is wrong with the query, each error at its member.");
        let statement = |description: &str| answer(description, named("CompanyStatement"));
        let of_statement = |name: &str, summary: &str| {
            let id = id().description(Some("The statement."));
            operation(name, summary).parameter(id).response("404", refusal("There is no such statement."))
        };
        Self {
            balance: asked_by(operation("read_balance", "Read the balance"), query::parameters(filters::balance))
                .description(Some("What the company has, from its ledger, as far as it stems from what the filters take: of a filter that is given several times, one has to fit."))
                .response("200", answer("What there is in each currency.", RefOr::T(balances.into())))
                .response("400", wrong_query()),
            turnover: asked_by(operation("read_turnover", "Read the turnover"), query::parameters(filters::turnover))
                .description(Some("What went to the company and from it, from its ledger."))
                .response("200", answer("What went both ways.", named("Turnover")))
                .response("400", wrong_query()),
            create_statement: asked_by(
                operation("create_company_statement", "Ask for a statement"),
                query::parameters(filters::statement),
            )
            .description(Some("Lists transactions in a file, which is made in the background: read the statement until it has a `download_url`."))
            .parameter(idempotency_key())
            .request_body(Some(required_body("CreateCompanyStatement")))
            .response("201", statement("The statement, `pending`."))
            .response("400", refusal("What is wrong with the query or the body, each error at its place; too many statements: `max_length`."))
            .response("413", refusal("The body is too large."))
            .response("415", refusal("The body is not JSON, or compressed.")),
            list_statements: operation("list_company_statements", "List the statements")
                .parameter(cursor())
                .parameter(page_size())
                .response("200", answer("A page of statements, newest first.", named("CompanyStatements")))
                .response("400", refusal("A cursor that is none, or a page size that is too large.")),
            read_statement: of_statement("read_company_statement", "Read a statement")
                .response("200", statement("The statement.")),
            cancel_statement: of_statement("cancel_company_statement", "Cancel a statement")
                .description(Some("Ends a statement that is not made yet."))
                .parameter(idempotency_key())
                .response("413", refusal("The body is too large."))
                .response("200", statement("The cancelled statement."))
                .response("400", refusal("It is finished: `company_statement_cancel_wrong_status`.")),
        }
    }
}

fn asked_by(operation: OperationBuilder, parameters: impl Iterator<Item = Parameter>) -> OperationBuilder {
    parameters.fold(operation, OperationBuilder::parameter)
}

/// What they speak of.
pub(super) fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    TurnoverOut::schemas(schemas);
    CompanyStatements::schemas(schemas);
    schemas.extend([
        (Balance::name().into_owned(), Balance::schema()),
        (TurnoverOut::name().into_owned(), TurnoverOut::schema()),
        (CompanyStatements::name().into_owned(), CompanyStatements::schema()),
    ]);
}
