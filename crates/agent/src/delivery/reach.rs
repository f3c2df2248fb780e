//! What a failure of a step means: whom it concerns, and whether waiting can help.

use crate::filing::FilingError;
use crate::login::LoginError;
use crate::store::StoreError;
use flow::{FlowError, FlowErrorKind};

/// Whom a failure concerns.
pub(super) enum Reach {
    /// The site or the login: no other step would fare better.
    /// Unless it is this step that the site cannot digest.
    Everything { asked_ms: Option<u64>, may_be_this_step: bool },
    /// Our own state: what was achieved could not be noted, and is found again when it can.
    State,
    /// This step alone.
    ThisStep { asked_ms: Option<u64> },
    /// Nothing is wrong: it is another step's turn until this moment, wall time.
    Nobody { due_ms: Option<i64> },
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeliveryError {
    #[error(transparent)]
    Filing(#[from] FilingError),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FlowError> for DeliveryError {
    fn from(error: FlowError) -> Self {
        DeliveryError::Filing(FilingError::Flow(error))
    }
}

impl DeliveryError {
    /// The site does not take our session, or no longer.
    pub(super) fn is_signed_out(&self) -> bool {
        let kind = |error: &FlowError| *error.kind() == FlowErrorKind::SignedOut;
        matches!(self, DeliveryError::Filing(FilingError::Flow(error)) if kind(error))
    }

    pub(super) fn reach(&self) -> Reach {
        match self {
            DeliveryError::Filing(FilingError::Flow(error)) => {
                let asked_ms = error.retry_after_ms();
                match error.kind() {
                    FlowErrorKind::Fault
                    | FlowErrorKind::Forbidden
                    | FlowErrorKind::UploadRefused
                    | FlowErrorKind::BadAnswer
                    | FlowErrorKind::File => Reach::ThisStep { asked_ms },
                    kind => Reach::Everything {
                        asked_ms,
                        may_be_this_step: matches!(
                            kind,
                            FlowErrorKind::Timeout
                                | FlowErrorKind::Interrupted
                                | FlowErrorKind::ServerTrouble
                        ),
                    },
                }
            }
            DeliveryError::Filing(FilingError::TooManyWrites { resume_ms }) => {
                Reach::Nobody { due_ms: Some(*resume_ms) }
            }
            DeliveryError::Filing(FilingError::Busy) => Reach::Nobody { due_ms: None },
            DeliveryError::Filing(
                FilingError::NoProject
                | FilingError::Spool(_)
                | FilingError::NotSeen(_)
                | FilingError::Incomplete(_),
            ) => Reach::ThisStep { asked_ms: None },
            DeliveryError::Login(_) => Reach::Everything { asked_ms: None, may_be_this_step: false },
            DeliveryError::Store(_) => Reach::State,
        }
    }
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        // Some causes repeat what their effect already said.
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}
