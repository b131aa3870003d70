//! What an API operation is to the house: what it touches, and what it does once permitted.

use std::future::Future;

use keyward_base::Fault;
use keyward_schema::OperationShape;
use keyward_store::{StoreError, TxnError};

use crate::{Charges, Check, Permit, QuotaClass, RequestContext, View};

/// One API operation. `resolve` says what it touches; `run` does it, with the gate's permit.
pub trait Operation: Sized + Send + Sync + 'static {
    /// The operation in the schema: its name, input and output.
    type Shape: OperationShape;
    /// The service's state that it works on.
    type Service: Send + Sync + 'static;
    /// What `resolve` found (rows, ids) and `run` works on.
    type Subject: Send + Sync;

    /// What each call counts against, before anything of it is looked at.
    const QUOTA: Option<&'static QuotaClass> = None;

    /// Finds the resources that the input names and says which permissions it takes. Reads through
    /// `view` only, so that the permit knows which rows were judged. Changes nothing.
    fn resolve(
        service: &Self::Service,
        request: &RequestContext,
        input: &<Self::Shape as OperationShape>::Input,
        view: &mut View<'_>,
    ) -> impl Future<Output = Result<(Self::Subject, Vec<Check>), Fault>> + Send;

    /// What a call counts against besides `QUOTA`, once it is known what it works on.
    fn charges(
        input: &<Self::Shape as OperationShape>::Input,
        subject: &Self::Subject,
        charges: &mut Charges,
    ) {
        let (_, _, _) = (input, subject, charges);
    }

    /// Does it, in one transaction that compares on the rows that were judged (`Permit::txn`).
    /// `RunError::Raced` makes the gate resolve and judge again.
    fn run(
        service: &Self::Service,
        permit: Permit<Self>,
    ) -> impl Future<Output = Result<<Self::Shape as OperationShape>::Output, RunError>> + Send;
}

/// Why `run` did not end well.
#[derive(Debug)]
pub enum RunError {
    /// The error to answer with.
    Fault(Fault),
    /// A judged row changed before the transaction: nothing was done, judge again.
    Raced,
}

impl From<Fault> for RunError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Fault(Fault::ours(error))
    }
}

impl From<TxnError> for RunError {
    fn from(error: TxnError) -> Self {
        match error {
            TxnError::Conflict => Self::Raced,
            TxnError::Store(error) => error.into(),
        }
    }
}
