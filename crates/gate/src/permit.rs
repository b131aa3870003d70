//! The proof that a call was authenticated and authorized, and on which rows it was judged.

use std::sync::Arc;

use keyward_schema::OperationShape;
use keyward_store::{Compare, Txn};

use crate::{Caller, Operation, RequestContext};

/// Lets `Op::run` run once. Only the gate can make one.
///
/// ```compile_fail
/// fn forge<Op: keyward_gate::Operation>() -> keyward_gate::Permit<Op> {
///     keyward_gate::Permit { }
/// }
/// ```
///
/// ```compile_fail
/// fn twice<Op: keyward_gate::Operation>(permit: keyward_gate::Permit<Op>) {
///     let _copy = permit.clone();
/// }
/// ```
pub struct Permit<Op: Operation> {
    request: RequestContext,
    input: Arc<<Op::Shape as OperationShape>::Input>,
    subject: Op::Subject,
    judged: Vec<Compare>,
}

impl<Op: Operation> Permit<Op> {
    /// The one mint in the house; called after the policies have allowed every check.
    pub(crate) fn mint(
        request: RequestContext,
        input: Arc<<Op::Shape as OperationShape>::Input>,
        subject: Op::Subject,
        judged: Vec<Compare>,
    ) -> Self {
        Self { request, input, subject, judged }
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.request.caller
    }

    /// When, where and how the call came.
    pub fn request(&self) -> &RequestContext {
        &self.request
    }

    /// The checked input.
    pub fn input(&self) -> &<Op::Shape as OperationShape>::Input {
        &self.input
    }

    /// The checked input, to be kept beyond the permit.
    pub fn shared_input(&self) -> Arc<<Op::Shape as OperationShape>::Input> {
        Arc::clone(&self.input)
    }

    /// What `resolve` found.
    pub fn subject(&self) -> &Op::Subject {
        &self.subject
    }

    /// What `resolve` found, to be changed and written back.
    pub fn into_subject(self) -> Op::Subject {
        self.subject
    }

    /// A transaction that commits only when the judged rows are still as they were.
    pub fn txn(&self) -> Txn {
        Txn::when(self.judged.clone())
    }
}
