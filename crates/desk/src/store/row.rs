//! Columns of a row with their values.

use crate::rows::scalar::Scalar;

/// Columns with their values.
pub(crate) type Cells = [(String, Option<Scalar>)];
